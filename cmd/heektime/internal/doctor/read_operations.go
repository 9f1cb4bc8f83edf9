package doctor

import (
	"context"
	"fmt"

	billingbudgets "google.golang.org/api/billingbudgets/v1"
	"google.golang.org/api/cloudbilling/v1"
	"google.golang.org/api/logging/v2"
	"google.golang.org/api/monitoring/v3"
)

func readAlerts(ctx context.Context, r *reader) error {
	client, err := monitoring.NewService(ctx, r.options(monitoringAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Monitoring: %w", err)
	}
	err = client.Projects.AlertPolicies.List(r.parent()).Pages(ctx, func(page *monitoring.ListAlertPoliciesResponse) error {
		r.state.AlertPolicies = append(r.state.AlertPolicies, page.AlertPolicies...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the alert policies: %w", err)
	}
	err = client.Projects.NotificationChannels.List(r.parent()).Pages(ctx, func(page *monitoring.ListNotificationChannelsResponse) error {
		r.state.Channels = append(r.state.Channels, page.NotificationChannels...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the notification channels: %w", err)
	}
	return nil
}

// readLogMetrics lists the log-based metrics that users have defined.
func readLogMetrics(ctx context.Context, r *reader) error {
	client, err := logging.NewService(ctx, r.options(loggingAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Logging: %w", err)
	}
	all := map[string]*logging.LogMetric{}
	err = client.Projects.Metrics.List(r.parent()).Pages(ctx, func(page *logging.ListLogMetricsResponse) error {
		for _, m := range page.Metrics {
			all[m.Name] = m
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the log-based metrics: %w", err)
	}
	r.state.LogMetrics = all
	return nil
}

// billingInfo reads which billing account pays.
func (r *reader) billingInfo(ctx context.Context) (*cloudbilling.ProjectBillingInfo, error) {
	client, err := cloudbilling.NewService(ctx, r.options(billingAPI, "/")...)
	if err != nil {
		return nil, fmt.Errorf("open Cloud Billing: %w", err)
	}
	info, err := client.Projects.GetBillingInfo(r.parent()).Context(ctx).Do()
	if err != nil {
		return nil, fmt.Errorf("read the project's billing account: %w", err)
	}
	return info, nil
}

func readBilling(ctx context.Context, r *reader) (err error) {
	r.state.Billing, err = r.billingInfo(ctx)
	return err
}

// readBudgets reads all budgets of the billing account, which may pay for other projects, too.
func readBudgets(ctx context.Context, r *reader) error {
	info, err := r.billingInfo(ctx)
	if err != nil || info.BillingAccountName == "" {
		return nil // the source "billing" and its check report it
	}
	client, err := billingbudgets.NewService(ctx, r.options(budgetsAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Billing Budgets: %w", err)
	}
	err = client.BillingAccounts.Budgets.List(info.BillingAccountName).Pages(ctx,
		func(page *billingbudgets.GoogleCloudBillingBudgetsV1ListBudgetsResponse) error {
			r.state.Budgets = append(r.state.Budgets, page.Budgets...)
			return nil
		})
	if err != nil {
		return fmt.Errorf("list the budgets: %w", err)
	}
	return nil
}
