package sdktest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/chromedp"
)

// AllowNotifications answers for the user when the page asks whether it may show notifications.
func (p *Page) AllowNotifications(ctx context.Context, allow bool) error {
	setting := browser.PermissionSettingDenied
	if allow {
		setting = browser.PermissionSettingGranted
	}
	return p.run(ctx, "answer for notifications", func(ctx context.Context) error {
		_, err := chromedp.CallBrowser(ctx, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: "notifications"}, Setting: setting,
			BrowserContextID: chromedp.FromContext(ctx).BrowserContextID,
		})
		return err
	})
}

// BeforeScripts runs a script in every document that the page loads from now on, before the document's own.
func (p *Page) BeforeScripts(ctx context.Context, script string) error {
	return p.run(ctx, "add a script", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, cdppage.AddScriptToEvaluateOnNewDocument, cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return err
	})
}

// DeliverPush delivers a message to the service worker of a scope, as a push service does, whatever page is
// shown. The worker needs no subscription, which headless browsers cannot make.
func (p *Page) DeliverPush(ctx context.Context, scope string, message []byte) error {
	return p.run(ctx, "deliver a push message", func(ctx context.Context) error {
		updates := chromedp.Events(ctx, serviceworker.WorkerRegistrationUpdated)
		if _, err := chromedp.Call(ctx, serviceworker.Enable, cdp.Empty{}); err != nil {
			return err
		}
		defer chromedp.Call(ctx, serviceworker.Disable, cdp.Empty{})
		for update, err := range updates {
			if err != nil {
				return err
			}
			for _, r := range update.Registrations {
				if r.ScopeURL != scope || r.IsDeleted {
					continue
				}
				_, err := chromedp.Call(ctx, serviceworker.DeliverPushMessage, serviceworker.DeliverPushMessageParams{
					Origin: strings.TrimSuffix(scope, "/"), RegistrationID: r.RegistrationID, Data: string(message),
				})
				return err
			}
		}
		return errors.New("the page was closed")
	})
}

// EvalInWorker evaluates an expression in the running service worker with a script, and waits if it is a promise.
func (p *Page) EvalInWorker(ctx context.Context, script, expression string) error {
	return p.run(ctx, "evaluate in "+script, func(ctx context.Context) error {
		targets, err := chromedp.Targets(ctx)
		if err != nil {
			return err
		}
		for _, target := range targets {
			if target.Type == "service_worker" && target.URL == script && target.BrowserContextID == chromedp.FromContext(ctx).BrowserContextID {
				worker, cancel := chromedp.NewContext(ctx, chromedp.WithTargetID(target.TargetID), chromedp.WithDetachOnCancel())
				defer cancel()
				_, err := chromedp.Run(worker, chromedp.Evaluate[[]byte](expression, chromedp.EvalAwaitPromise))
				return err
			}
		}
		return errors.New("the worker is not running")
	})
}

// run calls f with the page's context, until ctx is done.
func (p *Page) run(ctx context.Context, what string, f func(context.Context) error) error {
	err := p.do(ctx, func(ctx context.Context, _ *chromedp.Target) (none chromedp.Void, err error) { return none, f(ctx) })
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
