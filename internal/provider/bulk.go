package provider

import "errors"

// Verify checks a signature over input with the key that the header of a token names by algorithm and key id. It is for many tokens that
// are looked at in bulk: it makes this one check and no other, and says why it doesn't hold in words that may be shown.
func (k KeySet) Verify(algorithm, keyID string, input, signature []byte) error {
	keys, problem := k.choose(algorithm, keyID)
	if problem != "" {
		return errors.New(problem)
	}
	r, _ := ruleOf(algorithm) // none suits no key
	for _, key := range keys {
		if r.suits(key.key) && r.signs(key.key, input, signature) {
			return nil
		}
	}
	return errors.New("the signature isn't of the key that the token names, or the token was changed")
}
