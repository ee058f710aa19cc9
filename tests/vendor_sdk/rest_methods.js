// Calls every REST method of the session, users, chat and content modules of the vendor's SDK, unchanged, with the
// parameter spellings of its source. Prints one JSON line for each check: its name, and the error if it failed.
'use strict';

const assert = require('node:assert/strict');

// The SDK connects to XMPP with this library, which is not judged here.
require.cache[require.resolve('node-xmpp-client')] = {
    exports: class { on() {} },
};
const log = console.log;
console.log = console.warn = () => {};  // the SDK logs each request

const { QuickBlox } = require('quickblox');
const config = require('quickblox/src/qbConfig');

const application = JSON.parse(process.argv[2]);
const QB = new QuickBlox();
QB.init(application.id, application.auth_key, application.auth_secret, 'made-up-account-key', {
    endpoints: { api: application.host, chat: 'chat.shop.example' },
});

function call(module, method, ...args) {
    return new Promise((resolve, reject) => {
        module[method](...args, (error, result) => (error ? reject(error) : resolve(result)));
    });
}

async function refused(code, module, method, ...args) {
    const error = await call(module, method, ...args).then(() => null, (error) => error);
    assert.equal(error && error.code, code);
    return error;
}

const ids = (page) => page.items.map((item) => item._id);
const logins = (page) => page.items.map((item) => item.user.login).sort();
const password = 'made-up-password';
const known = {};  // what later checks need

const checks = {
    // --- session ---
    async 'createSession: application'() {
        const session = await call(QB, 'createSession', {});
        assert.equal(session.user_id, 0);
        assert.equal(session.application_id, application.id);
    },
    async 'createSession: without parameters'() {
        assert.equal((await call(QB, 'createSession')).user_id, 0);
    },
    async 'users.create'() {
        known.anna = await call(QB.users, 'create', {
            login: 'anna', password, full_name: 'Anna Example', email: 'anna@shop.example', phone: '+100200300',
            website: 'https://shop.example', tag_list: 'vip,first', external_user_id: '7', custom_data: '{"a": 1}',
        });
        known.bert = await call(QB.users, 'create', { login: 'bert', password, tag_list: ['vip', 'second'] });
        known.cleo = await call(QB.users, 'create', { email: 'cleo@shop.example', password, facebook_id: '55', twitter_id: '66' });
        assert.equal(known.anna.user_tags, 'vip,first');
        assert.equal(known.bert.user_tags, 'vip,second');
    },
    async 'users.create: taken login'() {
        const error = await refused(422, QB.users, 'create', { login: 'anna', password });
        assert.deepEqual(error.detail, { login: ['has already been taken'] });
    },
    async 'createSession: login'() {
        assert.equal((await call(QB, 'createSession', { login: 'anna', password })).user_id, known.anna.id);
    },
    async 'createSession: email and SHA-256'() {
        config.hash = 'sha256';
        try {
            const session = await call(QB, 'createSession', { email: 'cleo@shop.example', password });
            assert.equal(session.user_id, known.cleo.id);
        } finally {
            config.hash = 'sha1';
        }
    },
    async 'createSession: provider'() {
        const keys = { token: 'made-up-provider-token', secret: 'made-up-provider-secret' };
        // In strict mode nobody is signed up by a login.
        await refused(401, QB, 'createSession', { provider: 'twitter', scope: 'friends_status', keys });
    },
    async 'createSession: wrong password'() {
        await refused(401, QB, 'createSession', { login: 'anna', password: 'another-password' });
    },
    async 'createSession: wrong secret'() {
        config.creds.authSecret = 'another-made-up-secret';
        try {
            const error = await refused(422, QB, 'createSession', {});
            assert.deepEqual(error.detail, { base: ['Unexpected signature'] });
        } finally {
            config.creds.authSecret = application.auth_secret;
        }
    },
    async 'getSession'() {
        await call(QB, 'createSession', {});
        const { session } = await call(QB, 'getSession');
        assert.equal(session.token, QB.service.getSession().token);
    },
    async 'login: login, email'() {
        assert.equal((await call(QB, 'login', { email: 'cleo@shop.example', password })).id, known.cleo.id);
        assert.equal((await call(QB, 'login', { login: 'anna', password })).id, known.anna.id);
    },
    async 'login: wrong password'() {
        const error = await refused(401, QB, 'login', { login: 'anna', password: 'another-password' });
        assert.deepEqual(error.detail, ['Unauthorized']);
    },
    async 'logout'() {
        await call(QB, 'logout');
        assert.equal((await call(QB, 'getSession')).session.user_id, 0);
    },
    async 'destroySession, sessionExpired'() {
        const { token } = QB.service.getSession();
        await call(QB, 'destroySession');
        assert.equal(QB.service.getSession(), null);
        QB.service.setSession({ token });
        let expired = 0;
        config.on.sessionExpired = (next) => { expired += 1; next(); };
        try {
            await refused(401, QB, 'getSession');
        } finally {
            config.on.sessionExpired = null;
        }
        assert.equal(expired, 1);
        await call(QB, 'createSession', { login: 'anna', password });
    },
    async 'the expiration date of the token'() {
        await call(QB, 'getSession');
        assert.ok(config.qbTokenExpirationDate > new Date());
    },

    // --- users ---
    async 'users.listUsers'() {
        const page = await call(QB.users, 'listUsers', {});
        assert.equal(page.current_page, 1);
        assert.ok(page.items.length >= 3);
        assert.deepEqual((await call(QB.users, 'listUsers')).items, page.items);
    },
    async 'users.listUsers: filter, order, page'() {
        const filter = { field: 'login', param: 'in', value: ['anna', 'bert', 'nobody'] };
        const order = { field: 'login', sort: 'desc' };
        assert.deepEqual(logins(await call(QB.users, 'listUsers', { filter: { ...filter } })), ['anna', 'bert']);
        const page = await call(QB.users, 'listUsers', { filter: { ...filter }, order, page: 2, per_page: 1 });
        assert.deepEqual([page.per_page, page.total_entries, logins(page)], [1, 2, ['anna']]);
    },
    async 'users.listUsers: numbers'() {
        const filter = { field: 'id', param: 'eq', value: known.bert.id };
        assert.deepEqual(logins(await call(QB.users, 'listUsers', { filter })), ['bert']);
    },
    async 'users.listUsers: several filters'() {
        const filter = [
            { field: 'login', param: 'in', value: ['anna', 'bert'] },
            { field: 'id', param: 'gt', value: known.anna.id },
        ];
        assert.deepEqual(logins(await call(QB.users, 'listUsers', { filter })), ['bert']);
    },
    async 'users.get: each key'() {
        const wanted = [
            [known.anna.id, 'anna'], [{ login: 'anna' }, 'anna'], [{ email: 'anna@shop.example' }, 'anna'],
            [{ phone: '+100200300' }, 'anna'], [{ external: '7' }, 'anna'],
            [{ facebook_id: '55' }, null], [{ twitter_id: '66' }, null],
        ];
        for (const [key, login] of wanted) {
            assert.equal((await call(QB.users, 'get', key)).login, login);
        }
    },
    async 'users.get: full_name, tags'() {
        assert.deepEqual(logins(await call(QB.users, 'get', { full_name: 'example', page: 1, per_page: 5 })), ['anna']);
        assert.deepEqual(logins(await call(QB.users, 'get', { tags: 'second' })), ['bert']);
        assert.deepEqual(logins(await call(QB.users, 'get', { tags: ['first', 'second'] })), ['anna', 'bert']);
    },
    async 'users.get: missing'() {
        const error = await refused(404, QB.users, 'get', { login: 'nobody' });
        assert.equal(error.message.message, "Couldn't find user");
    },
    async 'users.update'() {
        const params = { full_name: 'Anna Renamed', website: 'https://anna.example', tag_list: 'third' };
        const user = await call(QB.users, 'update', known.anna.id, params);
        assert.deepEqual([user.full_name, user.website, user.user_tags], ['Anna Renamed', 'https://anna.example', 'third']);
    },
    async 'users.update: password'() {
        const params = { password: 'another-password', old_password: password };
        await call(QB.users, 'update', known.anna.id, params);
        await call(QB.users, 'update', known.anna.id, { password, old_password: 'another-password' });
        await refused(422, QB.users, 'update', known.anna.id, { password: 'x', old_password: 'wrong-password' });
    },
    async 'users.resetPassword'() {
        await call(QB.users, 'resetPassword', 'anna@shop.example');
    },

    // --- dialogs ---
    async 'chat.dialog.create: group'() {
        known.group = await call(QB.chat.dialog, 'create', {
            type: 2, name: 'Orders', occupants_ids: [known.bert.id, known.cleo.id], photo: '47863',
            data: { class_name: 'Order', number: 7 }, admin_ids: [known.bert.id], is_join_required: 1,
        });
        assert.deepEqual(known.group.occupants_ids, [known.anna.id, known.bert.id, known.cleo.id]);
        assert.deepEqual(known.group.admin_ids, [known.bert.id]);
        assert.deepEqual([known.group.is_joinable, known.group.is_join_required], [1, 1]);
        assert.equal(known.group.data.class_name, 'Order');
    },
    async 'chat.dialog.create: private, public'() {
        known.pair = await call(QB.chat.dialog, 'create', { type: 3, occupants_ids: [known.bert.id] });
        known.everybody = await call(QB.chat.dialog, 'create', { type: 1, name: 'News' });
        assert.deepEqual([known.pair.is_joinable, known.pair.xmpp_room_jid], [0, null]);
        assert.equal(known.everybody.is_joinable, 1);
    },
    async 'chat.dialog.create: is_joinable of the wrong type'() {
        await refused(422, QB.chat.dialog, 'create', { type: 3, occupants_ids: known.cleo.id, is_joinable: 1 });
        await refused(422, QB.chat.dialog, 'create', { type: 1, name: 'Closed', is_joinable: 0 });
    },
    async 'chat.dialog.list'() {
        const page = await call(QB.chat.dialog, 'list', {});
        assert.equal(page.total_entries, 3);
        assert.deepEqual((await call(QB.chat.dialog, 'list')).items, page.items);
    },
    async 'chat.dialog.list: each operator'() {
        const group = [known.group._id];
        const now = Math.floor(Date.now() / 1000) + 60;
        const found = [
            [{ _id: known.group._id }, group], [{ _id: { in: group } }, group], [{ _id: { in: [...group, 'x'] } }, group],
            [{ name: 'Orders' }, group], [{ name: { ctn: 'rder' } }, group], [{ 'name[ctn]': 'rder' }, group],
            [{ type: 2 }, group], [{ type: { in: [2] } }, group], [{ type: { nin: [1, 3] } }, group],
            [{ type: { ne: 2 }, name: 'Orders' }, []], [{ occupants_ids: known.cleo.id }, group],
            [{ occupants_ids: [known.cleo.id] }, group], [{ occupants_ids: { all: [known.anna.id, known.cleo.id] } }, group],
            [{ occupants_ids: { in: [known.cleo.id] } }, group], [{ created_at: { lt: now }, type: 2 }, group],
            [{ updated_at: { gte: now } }, []], [{ last_message_date_sent: { gt: now } }, []],
            [{ data: { class_name: 'Order', number: 7 } }, group],
        ];
        for (const [params, expected] of found) {
            const page = await call(QB.chat.dialog, 'list', params);
            assert.deepEqual(ids(page), expected, JSON.stringify(params));
        }
    },
    async 'chat.dialog.list: sort, limit, skip, count'() {
        const all = ids(await call(QB.chat.dialog, 'list', { sort_asc: 'name', limit: 10, skip: 0 }));
        assert.deepEqual(ids(await call(QB.chat.dialog, 'list', { sort_asc: 'name', limit: 1, skip: 1 })), [all[1]]);
        assert.deepEqual(ids(await call(QB.chat.dialog, 'list', { sort_desc: 'name' })), all.reverse());
        assert.deepEqual(await call(QB.chat.dialog, 'list', { count: 1 }), { items: { count: 3 } });
    },
    async 'chat.dialog.update'() {
        const dialog = await call(QB.chat.dialog, 'update', known.group._id, {
            name: 'Old orders', photo: '47864', data: { class_name: 'Order', number: 8 },
            pull_all: { occupants_ids: [known.cleo.id] },
        });
        assert.deepEqual([dialog.name, dialog.photo, dialog.data.number], ['Old orders', '47864', 8]);
        assert.deepEqual(dialog.occupants_ids, [known.anna.id, known.bert.id]);
        const added = await call(QB.chat.dialog, 'update', known.group._id, {
            push_all: { occupants_ids: [known.cleo.id], admin_ids: [known.cleo.id] }, is_joinable: 0,
        });
        assert.deepEqual(added.admin_ids, [known.bert.id, known.cleo.id]);
        assert.equal(added.is_joinable, 0);
    },
    async 'chat.dialog.update: missing, private'() {
        await refused(404, QB.chat.dialog, 'update', '0'.repeat(24), { name: 'x' });
        await refused(422, QB.chat.dialog, 'update', known.pair._id, { push_all: { occupants_ids: [known.cleo.id] } });
    },

    // --- messages ---
    async 'chat.message.create'() {
        const message = await call(QB.chat.message, 'create', {
            chat_dialog_id: known.group._id, message: 'Order #7 has shipped', send_to_chat: 1, markable: 1,
            attachments: [{ type: 'image', id: '47863' }], order: 7,
        });
        known.first = message._id;
        assert.deepEqual(message.attachments, [{ type: 'image', id: '47863' }]);
        assert.deepEqual([message.sender_id, message.order, message.read], [known.anna.id, 7, 0]);
        const next = await call(QB.chat.message, 'create', { chat_dialog_id: known.group._id, message: 'And #8' });
        known.second = next._id;
        assert.deepEqual(next.read_ids, [known.anna.id]);
    },
    async 'chat.message.create: to a user'() {
        const message = await call(QB.chat.message, 'create', { recipient_id: known.bert.id, message: 'Hello', send_to_chat: 1 });
        assert.deepEqual([message.chat_dialog_id, message.recipient_id], [known.pair._id, known.bert.id]);
    },
    async 'chat.message.create: system'() {
        await refused(422, QB.chat.message, 'create', { chat_dialog_id: known.group._id, system: 1 });
        const sent = await call(QB.chat.message, 'create', { chat_dialog_id: known.pair._id, system: 1, param1: 'value' });
        assert.equal(sent.param1, 'value');
    },
    async 'chat.message.create: without a dialog'() {
        await refused(422, QB.chat.message, 'create', { message: 'lost' });
        await refused(404, QB.chat.message, 'create', { chat_dialog_id: '0'.repeat(24), message: 'lost' });
    },
    async 'chat.message.list'() {
        const chat_dialog_id = known.group._id;
        const both = [known.first, known.second];
        const found = [
            [{}, both], [{ sort_desc: 'date_sent' }, [...both].reverse()], [{ limit: 1, skip: 1 }, [known.second]],
            [{ _id: known.first }, [known.first]], [{ _id: { in: [known.first] } }, [known.first]],
            [{ _id: { ne: known.first } }, [known.second]], [{ message: { ctn: 'shipped' } }, [known.first]],
            [{ 'message[ctn]': 'SHIPPED' }, [known.first]], [{ sender_id: known.anna.id }, both],
            [{ sender_id: { nin: [known.anna.id] } }, []], [{ read_ids: { nin: [known.anna.id] } }, []],
            [{ date_sent: { gt: 0 } }, both], [{ 'attachments.type': 'image' }, [known.first]],
        ];
        for (const [params, expected] of found) {
            const page = await call(QB.chat.message, 'list', { chat_dialog_id, mark_as_read: 0, ...params });
            assert.deepEqual(ids(page), expected, JSON.stringify(params));
        }
        const count = await call(QB.chat.message, 'list', { chat_dialog_id, count: 1 });
        assert.deepEqual(count, { items: { count: 2 } });
    },
    async 'chat.message.list: without a dialog'() {
        await refused(404, QB.chat.message, 'list', {});
    },
    async 'chat.message.unreadCount, update: read'() {
        await call(QB, 'login', { login: 'bert', password });
        const chat_dialog_id = known.group._id;
        const unread = await call(QB.chat.message, 'unreadCount', { chat_dialog_ids: [chat_dialog_id, known.pair._id] });
        assert.deepEqual([unread[chat_dialog_id], unread[known.pair._id], unread.total], [2, 2, 4]);
        await call(QB.chat.message, 'update', known.first, { chat_dialog_id, read: 1, delivered: 1 });
        assert.equal((await call(QB.chat.message, 'unreadCount', { chat_dialog_ids: chat_dialog_id })).total, 1);
        await call(QB.chat.message, 'update', null, { chat_dialog_id, read: 1 });
        assert.equal((await call(QB.chat.message, 'unreadCount', {})).total, 2);
        await call(QB, 'login', { login: 'anna', password });
    },
    async 'chat.message.update: text'() {
        const chat_dialog_id = known.group._id;
        await call(QB.chat.message, 'update', known.second, { chat_dialog_id, message: 'And #9' });
        const page = await call(QB.chat.message, 'list', { chat_dialog_id, _id: known.second });
        assert.equal(page.items[0].message, 'And #9');
    },
    async 'chat.message.delete'() {
        const chat_dialog_id = known.group._id;
        await call(QB.chat.message, 'delete', known.second);
        assert.deepEqual(ids(await call(QB.chat.message, 'list', { chat_dialog_id })), [known.first]);
        const deleted = await call(QB.chat.message, 'delete', [known.first, known.second], { force: 1 });
        assert.deepEqual(JSON.parse(deleted).SuccessfullyDeleted.ids, [known.first, known.second]);
        assert.deepEqual(ids(await call(QB.chat.message, 'list', { chat_dialog_id })), []);
    },
    async 'chat.message.delete: missing'() {
        await refused(404, QB.chat.message, 'delete', '0'.repeat(24));
    },
    async 'chat.dialog.delete'() {
        await call(QB.chat.dialog, 'delete', known.pair._id);
        const deleted = await call(QB.chat.dialog, 'delete', [known.group._id, known.everybody._id], { force: 1 });
        assert.deepEqual(JSON.parse(deleted).SuccessfullyDeleted.ids, [known.group._id, known.everybody._id]);
        assert.equal((await call(QB.chat.dialog, 'list', {})).total_entries, 0);
        await refused(404, QB.chat.dialog, 'delete', known.group._id);
    },

    // --- content ---
    async 'content.createAndUpload'() {
        const file = Buffer.from('{"made": "up"}');
        const params = { name: 'order.json', file, type: 'application/json', size: file.length, tag_list: 'orders' };
        known.blob = await call(QB.content, 'createAndUpload', params);
        assert.equal(known.blob.size, file.length);
        const shared = await call(QB.content, 'createAndUpload', { ...params, public: true });
        assert.equal(shared.public, true);
        const response = await fetch(QB.content.publicUrl(shared.uid));
        assert.deepEqual([response.status, await response.text()], [200, file.toString()]);
    },
    async 'content.getInfo, getFile'() {
        const { blob } = await call(QB.content, 'getInfo', known.blob.id);
        assert.deepEqual([blob.blob_status, blob.size], ['complete', known.blob.size]);
        assert.deepEqual(await call(QB.content, 'getFile', known.blob.uid), { made: 'up' });
        const response = await fetch(QB.content.privateUrl(known.blob.uid));
        assert.equal(await response.text(), '{"made": "up"}');
    },
    async 'content.list'() {
        const page = await call(QB.content, 'list', { page: 1, per_page: 1 });
        assert.deepEqual([page.per_page, page.total_entries, page.items[0].blob.id], [1, 2, known.blob.id]);
        assert.equal((await call(QB.content, 'list')).items.length, 2);
    },
    async 'content.create, markUploaded'() {
        const blob = await call(QB.content, 'create', { name: 'a.txt', content_type: 'text/plain', public: false });
        const url = new URL(blob.blob_object_access.params);
        const data = { file: Buffer.from('text'), name: 'a.txt', ...Object.fromEntries(url.searchParams) };
        await call(QB.content, 'upload', { url: url.origin + url.pathname, data });
        await call(QB.content, 'markUploaded', { id: blob.id, size: 4 });
        assert.equal((await call(QB.content, 'getInfo', blob.id)).blob.size, 4);
        known.another = blob;
    },
    async 'content.update, delete'() {
        await call(QB.content, 'update', { id: known.another.id, name: 'b.txt' });  // the SDK sends it as GET
        assert.equal(await call(QB.content, 'delete', known.another.id), true);
        await refused(404, QB.content, 'getInfo', known.another.id);
    },

    // --- the end ---
    async 'users.delete'() {
        await call(QB.users, 'delete', { external: '7' });
        await call(QB, 'createSession', { login: 'bert', password });
        await call(QB.users, 'delete', known.bert.id);
        await refused(401, QB, 'getSession');
    },
};

(async () => {
    for (const [name, check] of Object.entries(checks)) {
        const error = await check().then(() => null, (error) => error);
        log(JSON.stringify({ name, error: error && (error.stack || JSON.stringify(error)) }));
    }
    process.exit(0);  // the SDK leaves timers
})();
