package flow

import (
	"fmt"
	"net/http"
)

// relayScript posts what is behind the # to the listener, and takes it out of the address bar and the history. It holds nothing of a
// request, so that its hash can stand in the policy.
const relayScript = `var f=document.forms[0];f.elements[0].value=location.hash.slice(1);` +
	`history.replaceState(null,"",location.pathname);f.submit()`

// relayFormat is the page for a visit whose answer may be behind a #.
const relayFormat = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Finishing the sign-in</title>
<link rel="icon" href="data:,">
<style>%[1]s</style>
</head>
<body>
<main>
<h1>Finishing the sign-in</h1>
<noscript><p>Scripts are off in this browser. Copy the whole address from the address bar and paste it into the terminal.</p></noscript>
<form method="post" action="%[2]s"><input type="hidden" name="fragment"></form>
</main>
<script>%[3]s</script>
</body>
</html>
`

// showRelay writes the page. Its policy lets it run its one script and post to this listener, and nothing else.
func (l *loopback) showRelay(w http.ResponseWriter) {
	w.Header().Set("Content-Security-Policy", policy("script-src "+sourceHash(relayScript)+"; form-action 'self'"))
	write(w, http.StatusOK, "text/html; charset=utf-8", fmt.Sprintf(relayFormat, pageStyle, l.relay, relayScript))
}
