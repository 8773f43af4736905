package lexicon

import "regexp"

// backCue asks for a list that was on the screen before.
var backCue = regexp.MustCompile(`(?i)\b(?:back to|return to|(?:show|see|give|have|list|bring)\b.{0,20})\s*(?:the |those |these |my |your )?(?:earlier|previous|prior|former|old|last|first|original|other)\b\s*(?:\w+\s+)?(?:ones|list|results?|products|options|items|selection|page|search|suggestions|choices)\b|` +
	`\b(?:ones|list|results|products|options|items|suggestions)\b (?:that )?(?:(?:you|i|we) )?(?:(?:just )?(?:showed|saw|had|looked at|were looking at) )?(?:me |us )?(?:before|earlier|previously|a moment ago)\b|` +
	`^(?:(?:ok|okay|no|hm+|actually|sorry|please|well|oh|can (?:you|we)|could (?:you|we)|let'?s|i want to|go)[ ,]+)*go back(?: please| (?:one|a) (?:step|page)| to (?:the )?(?:earlier|previous) .{0,20})?[.!?]*$|` +
	`^(?:the )?(?:earlier|previous) (?:ones|list|results|page)(?: again)?(?:,? please)?[.!?]*$|` +
	`(?:回到|返回|退回(?:到)?|再看看?|看回|还是看)(?:一下)?(?:刚才|之前|前面|上一?(?:次|页|批|组)|最初|开始|原来)的?(?:那|这)?(?:几|些|个|一?[批组页])?(?:款|个|件|双|台|种)?|^(?:返回|上一页|上一批|刚才(?:那|的)(?:几|些)?(?:个|款|件|双|台|种)?(?:呢|吧)?)[。！!？?]*$`)

// AsksBack reports whether an utterance asks for a list that was on the screen before: "back to the earlier ones".
func AsksBack(text string) bool { return backCue.MatchString(text) }
