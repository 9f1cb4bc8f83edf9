package story

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"heek.kr/heektime/compat-server/api"
	"heek.kr/heektime/compat-server/token"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/migration/comparison"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/oldserver"
	"heek.kr/heektime/internal/migration/migrator"
	"heek.kr/heektime/internal/migration/plan"
	"heek.kr/heektime/internal/migration/replication"
	"heek.kr/heektime/internal/migration/shadowread"
)

// shadowUsers is how many users shadow reads compare.
const shadowUsers = 6

// shadowReads compares the responses of the old server with those of a compat-server in this process that serves
// everything from Firestore, as heektime migrate verify --api does.
func shadowReads(ctx context.Context, m *migrator.Migrator, db *legacydb.DB) error {
	address, stop, err := serveNewSide(ctx)
	if err != nil {
		return err
	}
	defer stop()
	sample, err := comparison.Sample(ctx, db, m.Firestore, shadowUsers)
	if err != nil {
		return err
	}
	newer, err := token.New(m.Project, tokenKey, "", time.Now)
	if err != nil {
		return err
	}
	older, err := token.NewOldServer(oldserver.Key, token.OldServerClaims{}, time.Now)
	if err != nil {
		return err
	}
	cfg := shadowread.Config{
		Old: os.Getenv("OLD_SERVER_URL"), New: address,
		Settle:  (&comparison.Stream{Old: db, Firestore: m.Firestore}).Arrive,
		Explain: func(d shadowread.Difference) string { return sample.Explain(d.UID, d.Object, d.Field) },
		Tokens: func(_ context.Context, uid string) (tokens shadowread.Tokens, err error) {
			if tokens.Old, err = older.SignPassed(uid); err != nil {
				return tokens, err
			}
			tokens.New, err = newer.Sign(token.Session{UID: uid}, token.Access) // nobody has moved to Authentication yet
			return tokens, err
		},
	}
	for _, u := range sample.Users {
		cfg.Users = append(cfg.Users, shadowread.User(u))
	}
	report, err := shadowread.Run(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Printf("shadow reads: %d requests, %d equal, %d settled\n", report.Requests, report.Equal, report.Settled)
	if report.Unexplained() == 0 {
		return nil
	}
	for _, g := range report.Groups {
		fmt.Printf("%d × %s %s (%s): %+v\n", g.Count, g.Request, g.Field, g.Rule, g.Example)
	}
	return fmt.Errorf("%d responses differ", report.Unexplained())
}

// serveNewSide serves compat-server without an old server.
func serveNewSide(ctx context.Context) (address string, stop func(), err error) {
	variables := map[string]string{}
	for name, value := range compatVariables() {
		variables[name] = value
	}
	for _, name := range []string{"GOOGLE_CLOUD_PROJECT", "FIRESTORE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST", "STORAGE_EMULATOR_HOST"} {
		variables[name] = os.Getenv(name)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address = "http://" + listener.Addr().String()
	variables["PUBLIC_URL"] = address
	service, err := api.Open(ctx, environment.Map(variables), slog.New(slog.DiscardHandler))
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: service.Handler}
	go func() { _ = server.Serve(listener) }() // a failure shows as a request that fails
	return address, func() { _ = server.Close() }, nil
}

// planMove fails if the old database lacks something that copy --prepare does not mend.
func planMove(ctx context.Context, m *migrator.Migrator) error {
	db, err := m.Open(ctx, true)
	if err != nil {
		return err
	}
	defer db.Close()
	report, err := plan.Run(ctx, plan.Config{DB: db, Client: m.Firestore, Slot: replication.DefaultSlot, Publication: replication.DefaultPublication})
	if err != nil {
		return err
	}
	if !report.Ready() {
		return fmt.Errorf("the plan says that something is missing: %+v", report.Requirements)
	}
	fmt.Printf("plan: %d findings, %d users to tell, %d writes\n", report.Findings, report.UsersToTell, report.Writes)
	return nil
}
