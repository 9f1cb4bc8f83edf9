package messaging

import "strings"

// maxConditionTopics is how many topics a condition may name.
// Source: https://firebase.google.com/docs/cloud-messaging/send-topic-messages
const maxConditionTopics = 5

// condition is an expression such as 'a' in topics && !('b' in topics). It reports whether it holds for a
// device with subscriptions.
type condition func(subscribed func(topic string) bool) bool

// errCondition is the response to a condition that cannot be parsed.
var errCondition = invalidField("message.condition", "Invalid condition expression provided.")

// parseCondition parses a condition. As in Cloud Messaging, && and || have the same precedence: without
// parentheses they are evaluated from left to right.
//
// Source: https://firebase.google.com/docs/cloud-messaging/send-topic-messages
func parseCondition(text string) (condition, *apiError) {
	p := conditionParser{rest: text}
	c, err := p.expression(maxDepth)
	if err == nil && p.next() != "" {
		err = errCondition
	}
	if err == nil && p.topics > maxConditionTopics {
		err = invalidField("message.condition", "Condition expression has too many topics; at most %d are allowed.", maxConditionTopics)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

type conditionParser struct {
	rest   string
	topics int
}

// tokens are all tokens except topics' names.
var tokens = []string{"&&", "||", "!", "(", ")"}

// next returns the next token without consuming it, "" at the end, or "?" for what is no token.
func (p *conditionParser) next() string {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	for _, token := range tokens {
		if strings.HasPrefix(p.rest, token) {
			return token
		}
	}
	if p.rest == "" {
		return ""
	}
	return "?"
}

// accept consumes a token if it is the next one.
func (p *conditionParser) accept(token string) bool {
	if p.next() != token {
		return false
	}
	p.rest = p.rest[len(token):]
	return true
}

func (p *conditionParser) expression(depth int) (condition, *apiError) {
	left, err := p.operand(depth)
	for err == nil {
		before := left
		var right condition
		switch {
		case p.accept("&&"):
			right, err = p.operand(depth)
			left = func(s func(string) bool) bool { return before(s) && right(s) }
		case p.accept("||"):
			right, err = p.operand(depth)
			left = func(s func(string) bool) bool { return before(s) || right(s) }
		default:
			return left, nil
		}
	}
	return nil, err
}

func (p *conditionParser) operand(depth int) (condition, *apiError) {
	if depth == 0 {
		return nil, errCondition
	}
	switch {
	case p.accept("!"):
		c, err := p.operand(depth - 1)
		return func(s func(string) bool) bool { return !c(s) }, err
	case p.accept("("):
		c, err := p.expression(depth - 1)
		if err == nil && !p.accept(")") {
			err = errCondition
		}
		return c, err
	}
	return p.topic()
}

// topic parses 'name' in topics.
func (p *conditionParser) topic() (condition, *apiError) {
	p.next() // skips spaces
	if p.rest == "" || !strings.Contains("'\"", p.rest[:1]) {
		return nil, errCondition
	}
	name, rest, ok := strings.Cut(p.rest[1:], p.rest[:1])
	if !ok || !isTopicName(name) {
		return nil, errCondition
	}
	for _, word := range []string{"in", "topics"} {
		trimmed := strings.TrimLeft(rest, " \t\r\n")
		if rest, ok = strings.CutPrefix(trimmed, word); !ok || word == "topics" && strings.Trim(rest[:min(1, len(rest))], " \t\r\n)&|") != "" {
			return nil, errCondition
		}
	}
	p.rest = rest
	p.topics++
	return func(subscribed func(string) bool) bool { return subscribed(name) }, nil
}
