package console

import (
	"net/http"
	"slices"

	"heek.kr/heektime/emulator/messaging"
)

// How much of Cloud Messaging the page shows.
const (
	messagesShown = 200
	devicesShown  = 200
)

type messagesResponse struct {
	Messages    []messaging.Sent   `json:"messages"` // newest first
	Devices     []messaging.Device `json:"devices"`
	More        int                `json:"more"`        // number of messages not shown
	MoreDevices int                `json:"moreDevices"` // number of devices not shown
}

// messages lists a project's messages and its devices with what they show.
func (c *Console) messages(r *http.Request) (any, error) {
	project, err := projectParameter(r)
	if err != nil {
		return nil, err
	}
	inbox := c.Messaging.Inbox(project)
	sent, devices := inbox.All(), inbox.Devices()
	a := messagesResponse{Messages: []messaging.Sent{}, Devices: []messaging.Device{}, More: max(0, len(sent)-messagesShown), MoreDevices: max(0, len(devices)-devicesShown)}
	a.Messages = append(a.Messages, sent[a.More:]...)
	slices.Reverse(a.Messages)
	a.Devices = append(a.Devices, devices[:len(devices)-a.MoreDevices]...)
	return a, nil
}

// clearMessages removes a project's messages. The devices stay.
func (c *Console) clearMessages(r *http.Request) (any, error) {
	project, err := projectParameter(r)
	if err != nil {
		return nil, err
	}
	c.Messaging.Inbox(project).Clear()
	return struct{}{}, nil
}

// addDevice registers a device.
func (c *Console) addDevice(r *http.Request) (any, error) {
	project, err := projectParameter(r)
	if err != nil {
		return nil, err
	}
	var input struct {
		Platform messaging.Platform `json:"platform"`
	}
	if err := decode(r, &input); err != nil {
		return nil, err
	}
	token, err := c.Messaging.Inbox(project).Register(messaging.DeviceInfo{Platform: input.Platform})
	if err != nil {
		return nil, invalid(codeInvalidArgument, "%v", err)
	}
	return map[string]string{"token": token}, nil
}

// changeDevice connects, disconnects or removes a device.
func (c *Console) changeDevice(r *http.Request) (any, error) {
	token, err := parameter(r, "token")
	if err != nil {
		return nil, err
	}
	switch action := r.URL.Query().Get("action"); action {
	case "connect":
		err = c.Messaging.SetOnline(token, true)
	case "disconnect":
		err = c.Messaging.SetOnline(token, false)
	case "remove":
		err = c.Messaging.Unregister(token)
	default:
		return nil, unknownAction(action)
	}
	if err != nil {
		return nil, notFound(err)
	}
	return struct{}{}, nil
}
