package render

// Documents returns what views, and the lines of an emulator's log, are written as for programs.
func Documents(views []View) []any {
	docs := []any{
		exchangeDoc{Schema: schema("exchange")},
		noticeDoc{Schema: schema("notice")},
	}
	for _, v := range views {
		docs = append(docs, v.document())
	}
	return docs
}
