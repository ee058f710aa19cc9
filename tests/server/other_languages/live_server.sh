#!/bin/sh
# The live server as a shell script with curl uses it, under a name that is not this machine's.
# Usage: live_server.sh NAME PORT. It prints a line for each check that fails, and exits with 1 if one did.
set -u
name=$1 port=$2
failed=0
token="QB-Token: made-up-token-of-the-shop"
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

ask() { # METHOD PATH [curl options]: prints the body, and after it the status on a line of its own
  method=$1 path=$2
  shift 2
  curl -s --noproxy '*' --resolve "$name:$port:127.0.0.1" -X "$method" -w '\n%{http_code}\n' "http://$name:$port$path" "$@"
}

check() { # WHAT EXPECTED ACTUAL: the expected text is a part of the actual one
  case $3 in
    *"$2"*) ;;
    *) failed=1; printf '%s: expected %s, got %s\n' "$1" "$2" "$3" ;;
  esac
}

status() { tail -n 1; }

check "health" '"status":"ok"' "$(ask GET /_qbchat/health)"
check "about" "this is pytest-qbchat" "$(ask GET /)"
check "reset" 200 "$(ask POST /_qbchat/reset | status)"
check "nothing posted" 204 "$(ask POST /_qbchat/assert_nothing_posted -d '{"within": 0.05}' | status)"

# Assert a message, and read the failure.
check "post" 201 "$(ask POST /chat/Message.json -H "$token" -d 'recipient_id=8&message=On its way&send_to_chat=1' | status)"
posted=$(ask POST /_qbchat/assert_posted -d '{"message": "On its way", "send_to_chat": 1}')
check "assert_posted" '"delivered_to":[8]' "$posted"
failure=$(ask POST /_qbchat/assert_posted -H "Accept: text/plain" -d '{"message": "On its way", "markable": 1}')
check "failure" "no message with message='On its way', markable=1 was posted: the only message differs in markable" "$failure"
check "remedy" "  write markable=1 in the request" "$failure"
check "status of a failure" 409 "$(echo "$failure" | status)"
check "failure in JSON" '{"message":"1 message with message=' "$(ask POST /_qbchat/assert_not_posted -d '{"message": "On its way"}')"
check "misspelt field" "a message has no field 'sendToChat'; use send_to_chat" "$(ask POST /_qbchat/assert_posted -d '{"sendToChat": 1}')"
check "state" '"calls":[{"method":"POST","path":"/chat/Message.json","status":201,"reason":""}]' "$(ask GET /_qbchat/state)"

# Wait for a message of another process.
(sleep 0.3; ask POST /chat/Message.json -H "$token" -d 'recipient_id=8&message=Late' > "$folder/late") &
check "wait" '"message":"Late"' "$(ask GET '/_qbchat/messages?message=Late&wait=30')"
wait

# Expire, advance, fail, add.
check "expire" 204 "$(ask POST /_qbchat/expire_sessions | status)"
check "expired" 401 "$(ask GET /chat/Dialog.json -H "$token" | status)"
check "add" '"id":9' "$(ask POST /_qbchat/add -d '{"users": [{"id": 9}], "sessions": [{"token": "made-up-token-of-nine", "user_id": 9}]}')"
check "added" 200 "$(ask GET /chat/Dialog.json -H 'QB-Token: made-up-token-of-nine' | status)"
check "advance" 204 "$(ask POST /_qbchat/advance -d '{"hours": 3}' | status)"
check "advanced" 401 "$(ask GET /chat/Dialog.json -H 'QB-Token: made-up-token-of-nine' | status)"
check "reset" 200 "$(ask POST /_qbchat/reset | status)"
check "fail" 204 "$(ask POST /_qbchat/fail -d '{"what": 503}' | status)"
check "failed" 503 "$(ask GET /chat/Dialog.json -H "$token" | status)"

# Beside another suite.
check "space" 201 "$(ask POST /spaces/curl/chat/Message.json -H "$token" -d 'recipient_id=8&message=Mine' | status)"
check "own space" '"message":"Mine"' "$(ask POST /spaces/curl/_qbchat/assert_posted -d '{}')"
check "other space" 204 "$(ask POST /spaces/other/_qbchat/assert_nothing_posted | status)"
check "no space" 204 "$(ask POST /_qbchat/assert_nothing_posted | status)"
check "page of another origin" 403 "$(ask POST /_qbchat/reset -H 'Origin: https://shop.example' | status)"
exit $failed
