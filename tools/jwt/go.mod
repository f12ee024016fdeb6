module github.com/simsid/simsid/tools/jwt

go 1.26.0

tool github.com/golang-jwt/jwt/v5/cmd/jwt

require github.com/golang-jwt/jwt/v5 v5.3.1 // indirect
