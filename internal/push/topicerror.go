package push

import (
	"errors"
	"fmt"
	"slices"

	"firebase.google.com/go/v4/messaging"
)

// errGone means that a device is not registered with Cloud Messaging.
var errGone = errors.New("the device is not registered")

// gone are the reasons for which a device can have no topics.
//
// Source: https://developers.google.com/instance-id/reference/server
var gone = []string{"NOT_FOUND", "INVALID_ARGUMENT", "UNREGISTERED"}

// topicError returns why a device could not be added to a topic or removed from it. The error is [errGone] if a
// retry cannot help.
func topicError(topic string, response *messaging.TopicManagementResponse, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("topic %s: %w", topic, err)
	case len(response.Errors) == 0:
		return nil
	case slices.Contains(gone, response.Errors[0].Reason):
		return errGone
	}
	return fmt.Errorf("topic %s: %s", topic, response.Errors[0].Reason)
}
