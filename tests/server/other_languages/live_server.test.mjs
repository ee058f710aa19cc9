// The live server as a suite for Node's built-in test runner uses it. QUICKBLOX_URL is its base URL.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

const SPACE = `${process.env.QUICKBLOX_URL}/spaces/node`;
const TOKEN = "made-up-token-of-the-shop";
const DIALOG = "5d75327ba28f9a0f32cb0f99";

async function send(method, path, body, base = SPACE) {
  const headers = { "Content-Type": "application/json", "QB-Token": TOKEN };
  const response = await fetch(base + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, body: text && JSON.parse(text) };
}

const post = (fields) => send("POST", "/chat/Message.json", { chat_dialog_id: DIALOG, send_to_chat: 1, ...fields });
const control = (name, body = {}) => send("POST", `/_qbchat/${name}`, body);

beforeEach(async () => {
  await control("reset");
  await control("add", {
    users: [{ id: 7, full_name: "Sam Shop" }, { id: 8, full_name: "Cleo Customer" }],
    sessions: [{ token: TOKEN, user_id: 7 }],
    dialogs: [{ _id: DIALOG, type: 2, occupants_ids: [7, 8] }],
  });
});

describe("assertions", () => {
  test("a message that was sent is returned", async () => {
    await post({ message: "On its way", order: 7 });
    const { status, body } = await control("assert_posted", { message: "On its way", order: 7 });
    assert.deepEqual([status, body.sender_id, body.send_to_chat, body.delivered_to], [200, 7, 1, [8]]);
  });

  test("a failure says what a user would notice", async () => {
    await post({ message: "On its way", send_to_chat: undefined, sendToChat: 1 });
    const { status, body } = await control("assert_posted", { message: "On its way", send_to_chat: 1 });
    assert.equal(status, 409);
    assert.match(body.message, /^no message with message='On its way', send_to_chat=1 was posted/);
    assert.match(body.message, /write send_to_chat=1 in place of sendToChat/);
    const [message] = (await send("GET", "/_qbchat/messages?message=On%20its%20way")).body;
    assert.match(message.warnings[0], /^sendToChat: became a custom field/);
    assert.equal(message.sent_to_chat, false);
  });

  test("a message that comes later is waited for", async () => {
    const waiting = control("assert_posted", { message: "Late", within: 30 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await post({ message: "Late" });
    assert.equal((await waiting).status, 200);
  });

  test("several tests can wait at the same time", async () => {
    const numbers = [...Array(12).keys()];
    const waiting = numbers.map((order) => control("assert_posted", { order, within: 30 }));
    await Promise.all(numbers.map((order) => post({ message: "Shipped", order })));
    assert.deepEqual((await Promise.all(waiting)).map(({ body }) => body.order), numbers);
  });

  test("what was not sent passes", async () => {
    assert.equal((await control("assert_nothing_posted", { within: 0.05 })).status, 204);
    await post({ message: "On its way" });
    assert.equal((await control("assert_not_posted", { message: "Cancelled" })).status, 204);
  });
});

describe("the world", () => {
  test("sessions expire, at once or with the time", async () => {
    assert.equal((await post({ message: "one" })).status, 201);
    await control("advance", { hours: 3 });
    assert.equal((await post({ message: "two" })).status, 401);
    await control("reset");
    await control("expire_sessions");
    assert.equal((await post({ message: "three" })).status, 401);
  });

  test("a response is lost although the message is stored", async () => {
    await control("fail", { what: "disconnect", stored: true });
    await assert.rejects(post({ message: "On its way" }));
    assert.equal((await control("assert_posted", { message: "On its way" })).status, 200);
  });

  test("a mistake in a request is named", async () => {
    const { status, body } = await control("add", { users: [{ id: -1 }] });
    assert.deepEqual([status, body.message], [400, "users[0]: invalid id -1; expected a number of 1 or greater"]);
  });

  test("another space has nothing of it", async () => {
    await post({ message: "On its way" });
    const { body } = await send("GET", "/_qbchat/state", undefined, `${process.env.QUICKBLOX_URL}/spaces/empty`);
    assert.deepEqual([body.messages, body.users, body.calls], [[], [], []]);
  });
});
