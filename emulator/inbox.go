package emulator

import "heek.kr/heektime/emulator/messaging"

// Messages returns the inbox of the default project: what Cloud Messaging accepted, and what each device got
// and shows. [messaging.Server.Inbox] has those of other projects.
func (c *Cloud) Messages() messaging.Inbox { return c.Messaging.Inbox(c.Project) }
