// Takes the pictures in docs/web of each view, in both sizes and themes, from a local cloud that runs:
//
//   go run ./cmd/heektime dev                       in another terminal, freshly started
//   node web/scripts/pictures.mjs [http://127.0.0.1:5000] [VIEW…]
//
// Look at all of them afterwards: that is what they are for.

import { mkdirSync, writeFileSync } from 'node:fs'
import { launch } from './chromium.mjs'

const [, , origin = 'http://127.0.0.1:5000', ...only] = process.argv
const folder = new URL('../../docs/web/', import.meta.url)
const sizes = { phone: { width: 390, height: 844, phone: true }, desktop: { width: 1440, height: 900 } }
const themes = { light: false, dark: true }

/** Signs the demo student in, who has timetables. */
async function signIn(page) {
  await page.click('이미 계정이 있어요')
  await page.fill('이메일 또는 예전 아이디', 'demo@user.heektime.heek.kr')
  await page.fill('비밀번호', 'heektime')
  await page.click('로그인')
  await page.sees('저장했어요')
}

async function chooseSemester(page) {
  await page.click('데모대학교')
  await page.click('2026년 2학기')
  await page.sees('아직 비어 있어요')
}

/** Ends in each view that has a picture. */
async function walk(page, isPhone, take) {
  await page.sees('데모대학교')
  await take('welcome')
  await chooseSemester(page)
  await take('empty')
  await page.load(`${origin}/?signed-out`)
  await page.evaluate(`localStorage.removeItem('heektime.choice')`)
  await page.load(`${origin}/`)
  await page.sees('데모대학교')
  await page.click('이미 계정이 있어요')
  await take('signin')
  await page.click('닫기')
  await signIn(page)
  await page.evaluate(`ui.finds('.block')`)
  if (isPhone) await take('timetable')
  await page.click('강의 찾기')
  await page.evaluate(`document.querySelector('.search input').focus()`)
  await page.fill('강의 찾기', 'ㄷㅇㅌ')
  await page.evaluate(`ui.finds('.virtual mark')`)
  await take('search')
  await page.click('조건')
  await take('filters')
  await page.click('닫기')
  await page.click('담은 강의')
  await take('lectures')
  await page.click('내 정보')
  await take('account')
  await page.click('사용자 이름 바꾸기')
  await take('username')
  await page.click('닫기')
  await page.click('계정 삭제')
  await take('delete')
  await page.click('닫기')
  if (isPhone) await page.click('시간표')
  await page.click('공유')
  await page.evaluate(`ui.finds('dialog [role=switch]').then(() => document.querySelector('dialog [role=switch]:not(:checked)')?.click())`)
  await page.sees('지난 7일 동안')
  await take('share')
  await page.click('닫기')
  await page.click('자동으로 짜기')
  await page.evaluate(`ui.until(() => document.querySelector('.option') ?? document.querySelector('.reasons li'))`)
  await take('planner')
  await page.click('닫기')
  await page.evaluate(`document.querySelector('.plan-name').click()`)
  await page.click('나란히 보기')
  await page.evaluate(`ui.finds('.beside:not(.current) .block')`)
  await take('compare')
  await page.click('나란히 보기')
  await page.evaluate(`ui.until(() => document.querySelector('.block')).then((block) => block.click())`)
  await page.sees('강의 고치기')
  await take('edit')
}

mkdirSync(folder, { recursive: true })
const browser = await launch()
for (const [size, screen] of Object.entries(sizes)) {
  for (const [theme, dark] of Object.entries(themes)) {
    const page = await browser.page()
    await page.screen({ ...screen, dark })
    await page.load(`${origin}/`)
    await walk(page, screen.phone ?? false, async (view) => {
      if (only.length > 0 && !only.includes(view)) return
      await page.evaluate(`Promise.allSettled(document.getAnimations().map((animation) => animation.finished)).then(() => null)`)
      await page.evaluate(`new Promise((resolve) => setTimeout(resolve, 300))`)
      writeFileSync(new URL(`${size}-${theme}-${view}.png`, folder), await page.picture())
      console.log(`${size}-${theme}-${view}`)
    })
  }
}
await browser.close()
