package emulator_test

import (
	"errors"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"firebase.google.com/go/v4/errorutils"
	fcm "firebase.google.com/go/v4/messaging"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/messagingclient"
	"heek.kr/heektime/emulator/firebasejson"
	"heek.kr/heektime/emulator/messaging"
	"heek.kr/heektime/emulator/sdktest"
)

// A firebase.json that names no port of Cloud Messaging cannot keep a cloud from starting: another process
// may have the default port. One that it names must be free.
func TestMessagingPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:9599")
	if err == nil {
		defer l.Close()
	}
	free := firebasejson.Emulators{}
	for _, name := range []string{"firestore", "auth", "storage", "tasks", "ui", "hub", "hosting"} {
		free[name] = firebasejson.Emulator{Port: new(int)}
	}
	cloud := emulatortest.Start(t, func(c *emulator.Config) { c.UseAddresses(&firebasejson.File{Emulators: free}) })
	if l != nil && cloud.MessagingAddress() == "127.0.0.1:9599" {
		t.Error("two processes have one port")
	}
	_, text, err := net.SplitHostPort(cloud.MessagingAddress())
	port, convertErr := strconv.Atoi(text)
	if err != nil || convertErr != nil {
		t.Fatal(err, convertErr)
	}
	free["messaging"] = firebasejson.Emulator{Port: &port}
	var cfg emulator.Config
	cfg.UseAddresses(&firebasejson.File{Emulators: free})
	var inUse *emulator.PortInUseError
	if _, err := emulator.Open(cfg); !errors.As(err, &inUse) || inUse.Name != "messaging" {
		t.Errorf("a port that is in use: %v", err)
	}
}

// Devices and subscriptions are kept in the data directory.
func TestMessagingData(t *testing.T) {
	t.Parallel()
	dir, token := t.TempDir(), ""
	for restart := range 2 {
		cloud, err := emulator.Open(emulator.Config{DataDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		client := messagingclient.New(t, cloud.Project, cloud.MessagingAddress())
		if restart == 0 {
			token, err = cloud.Messages().Register(messaging.DeviceInfo{})
			if err == nil {
				_, err = client.SubscribeToTopic(t.Context(), []string{token}, "lecture")
			}
		}
		if err == nil {
			_, err = client.Send(t.Context(), &fcm.Message{Topic: "lecture", Notification: &fcm.Notification{Title: "Room"}})
		}
		if shown := cloud.Messages().Shown(token); err != nil || len(shown) != 1 {
			t.Errorf("start %d: the device shows %+v, %v", restart, shown, err)
		}
		if err := cloud.Close(); err != nil {
			t.Error(err)
		}
	}
}

// The web SDK gets a token, as far as it allows an address: the page replaces fetch and the push service.
func TestMessagingInBrowser(t *testing.T) {
	browser := sdktest.OpenBrowser(t)
	pages := sdktest.Serve(t, os.DirFS("jstest"))
	for _, version := range sdktest.Versions {
		t.Run(version, func(t *testing.T) {
			cloud := emulatortest.Start(t)
			page := browser.Open(t, pages.URL(version, "messaging-page.mjs"))
			call := func(function string, result any, args ...any) {
				t.Helper()
				if err := page.Call(t.Context(), function, result, args...); err != nil {
					t.Fatalf("%s: %v", function, err)
				}
			}
			call("connect", nil, cloud.MessagingAddress())
			var token, again string
			if call("token", &token); token == "" {
				t.Fatal("the SDK got no token")
			}
			if call("token", &again); again != token {
				t.Errorf("the token changed from %s to %s", token, again)
			}
			client := messagingclient.New(t, cloud.Project, cloud.MessagingAddress())
			if _, err := client.Send(t.Context(), &fcm.Message{Token: token, Notification: &fcm.Notification{Title: "Room"}}); err != nil {
				t.Error(err)
			}
			if d, _ := cloud.Messages().Device(token); d.Platform != messaging.WebPlatform || len(d.Shown) != 1 {
				t.Errorf("device %+v", d)
			}
			call("deleteToken", nil)
			if _, err := client.Send(t.Context(), &fcm.Message{Token: token}); !fcm.IsUnregistered(err) {
				t.Errorf("after deleteToken: %v", err)
			}
			if call("token", &again); again == token {
				t.Error("a token that was deleted came back")
			}
		})
	}
}

// register registers devices in the cloud's project.
func register(t *testing.T, cloud *emulatortest.Cloud, infos ...messaging.DeviceInfo) (tokens []string) {
	t.Helper()
	for _, info := range infos {
		token, err := cloud.Messages().Register(info)
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	return tokens
}

// The official Go client subscribes devices to topics, and sends to tokens, topics and conditions.
func TestMessagingGoClient(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	client, ctx, inbox := messagingclient.New(t, cloud.Project, cloud.MessagingAddress()), t.Context(), cloud.Messages()
	tokens := register(t, cloud, messaging.DeviceInfo{}, messaging.DeviceInfo{Platform: messaging.IOSPlatform}, messaging.DeviceInfo{Platform: messaging.WebPlatform})

	subscribed, err := client.SubscribeToTopic(ctx, append(tokens[:2:2], "unknown"), "lecture")
	if err != nil || subscribed.SuccessCount != 2 || subscribed.FailureCount != 1 || subscribed.Errors[0].Index != 2 || subscribed.Errors[0].Reason != "INVALID_ARGUMENT" {
		t.Fatalf("SubscribeToTopic = %+v, %v", subscribed, err)
	}
	name, err := client.Send(ctx, &fcm.Message{Topic: "lecture", Notification: &fcm.Notification{Title: "Room", Body: "301"}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1, 1, 0} {
		if got := inbox.Shown(tokens[i]); len(got) != want || want == 1 && (got[0].Title != "Room" || got[0].Body != "301" || got[0].ID != name) {
			t.Errorf("device %d shows %+v, want %d notifications", i, got, want)
		}
	}
	if sent := inbox.ToTopic("lecture"); len(sent) != 1 || sent[0].ID != name || sent[0].Devices != 2 {
		t.Errorf("messages to the topic: %+v", sent)
	}

	if left, err := client.UnsubscribeFromTopic(ctx, tokens[:1], "lecture"); err != nil || left.SuccessCount != 1 {
		t.Fatalf("UnsubscribeFromTopic = %+v, %v", left, err)
	}
	if _, err := client.Send(ctx, &fcm.Message{Condition: "'lecture' in topics", Data: map[string]string{"k": "v"}}); err != nil {
		t.Fatal(err)
	}
	batch, err := client.SendEachForMulticast(ctx, &fcm.MulticastMessage{Tokens: append(tokens, "unknown"), Data: map[string]string{"k": "v"}})
	if err != nil || batch.SuccessCount != 3 || batch.FailureCount != 1 || !fcm.IsInvalidArgument(batch.Responses[3].Error) {
		t.Fatalf("SendEachForMulticast = %+v, %v", batch, err)
	}
	for i, want := range []int{2, 3, 1} {
		if d, ok := inbox.Device(tokens[i]); !ok || len(d.Received) != want {
			t.Errorf("device %d received %d messages, want %d", i, len(d.Received), want)
		}
	}
	if _, err := client.SendDryRun(ctx, &fcm.Message{Topic: "lecture"}); err != nil || len(inbox.All()) != 5 {
		t.Errorf("after a dry run there are %d messages (%v), want 5", len(inbox.All()), err)
	}
}

// The client recognizes every error code.
func TestMessagingGoClientErrors(t *testing.T) {
	t.Parallel()
	cloud := emulatortest.Start(t)
	client := messagingclient.New(t, cloud.Project, cloud.MessagingAddress())
	token := register(t, cloud, messaging.DeviceInfo{})[0]
	for code, is := range map[messaging.ErrorCode]func(error) bool{
		messaging.Unregistered: fcm.IsUnregistered, messaging.InvalidArgument: fcm.IsInvalidArgument, messaging.SenderIDMismatch: fcm.IsSenderIDMismatch,
		messaging.QuotaExceeded: fcm.IsQuotaExceeded, messaging.ThirdPartyAuthError: fcm.IsThirdPartyAuthError, messaging.Internal: fcm.IsInternal,
	} {
		cloud.Messaging.Inject(messaging.Fault{Code: code, Times: 1})
		if _, err := client.Send(t.Context(), &fcm.Message{Token: token}); !is(err) {
			t.Errorf("%s: %v", code, err)
		}
	}
	// The client tries again after UNAVAILABLE, at the time of Retry-After.
	cloud.Messaging.Inject(messaging.Fault{Code: messaging.Unavailable, Times: 1, RetryAfter: time.Second})
	if _, err := client.Send(t.Context(), &fcm.Message{Token: token}); err != nil || len(cloud.Messages().ToToken(token)) != 1 {
		t.Errorf("after one UNAVAILABLE: %v", err)
	}
	cloud.Messaging.Inject(messaging.Fault{Code: messaging.Unavailable, RetryAfter: time.Hour})
	if _, err := client.Send(t.Context(), &fcm.Message{Token: token}); !fcm.IsUnavailable(err) || errorutils.HTTPResponse(err).Header.Get("Retry-After") != "3600" {
		t.Errorf("while unavailable: %v", err)
	}
	cloud.Messaging.ClearFaults()
	if err := cloud.Messaging.Unregister(token); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Send(t.Context(), &fcm.Message{Token: token}); !fcm.IsUnregistered(err) || !errorutils.IsNotFound(err) {
		t.Errorf("after the device was removed: %v", err)
	}
}
