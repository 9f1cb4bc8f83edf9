// App Check: Google attests that a request comes from this app. Off until a site key is here; docs/web.md has the steps.

import type { FirebaseApp } from 'firebase/app'

/** The key of the site at reCAPTCHA Enterprise. It is public. */
const siteKey: string = ''

export async function startAppCheck(app: FirebaseApp): Promise<void> {
  if (siteKey === '') return
  const { initializeAppCheck, ReCaptchaEnterpriseProvider } = await import('firebase/app-check')
  initializeAppCheck(app, { provider: new ReCaptchaEnterpriseProvider(siteKey), isTokenAutoRefreshEnabled: true })
}
