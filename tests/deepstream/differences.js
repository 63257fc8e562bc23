"use strict";
// Intended differences between Ringside and the deepstream server. A test that touches one of them
// asks for it by name (Context.differs) and asserts the behaviour of both. The runner checks that a
// test covers each.

const differences = {
  "malformed-json-closes-the-connection": {
    upstream: "record or login data that is not JSON crashes the server; event data that is not JSON is forwarded",
    ringside: "the connection that sent it is closed; other connections are unaffected",
    why: "one client must not be able to stop the server for all",
  },
  "bulk-denial-removes-the-denied": {
    upstream: "if one name of a message is denied, the last name is dropped",
    ringside: "the denied name is dropped, and the others are processed",
    why: "upstream lets a user subscribe to a forbidden name",
  },
  "conflict-settles-the-write": {
    upstream: "a write with acknowledgement whose version is not the next one never gets an outcome",
    ringside: "RECORD_UPDATE_ERROR follows VERSION_EXISTS or INVALID_VERSION: the client's promise is rejected",
    why: "a waiting caller must get the outcome",
  },
  "refusals-are-errors": {
    upstream: "INVALID_MESSAGE_DATA and INVALID_VERSION are not errors: the client treats them as acknowledgements",
    ringside: "they have isError: the client's promise is rejected",
    why: "a refused write must not look like a stored write",
  },
  "refusals-tell-the-state": {
    upstream: "after a refused write, the client's copy keeps the change",
    ringside: "the client gets the stored record in an UPDATE before the refusal",
    why: "otherwise its next writes would have a wrong version and would also be refused",
  },
  "denied-notify-is-an-error": {
    upstream: "a NOTIFY whose names are all denied never gets an outcome; otherwise the permitted names are acknowledged",
    ringside: "RECORD_NOTIFY_ERROR follows MESSAGE_DENIED: the client's promise is rejected",
    why: "a waiting caller must get the outcome",
  },
  "halves-of-characters-are-replaced": {
    upstream: "half a surrogate pair in the text of a record or an event is forwarded unchanged",
    ringside: "it becomes U+FFFD, and the writer of a record is notified",
    why: "texts of the grid are UTF-8, which cannot encode it",
  },
  "write-of-a-missing-record": {
    upstream: "UPDATE or PATCH with acknowledgement creates a missing record",
    ringside: "it fails with RECORD_UPDATE_ERROR, as without acknowledgement",
    why: "whether a record is created must not depend on the acknowledgement",
  },
  "no-wedged-record": {
    upstream: "after INVALID_VERSION no further write of the record is accepted",
    ringside: "the next write with the right version is accepted",
    why: "a mistake of one client must not stop the others",
  },
  "notify-never-deletes": {
    upstream: "NOTIFY without a storage deletes the record",
    ringside: "NOTIFY is acknowledged, and changes nothing: the grid has no cache to refresh",
    why: "records must not vanish because of a notice that they changed",
  },
  "dead-listener-costs-nobody-their-turn": {
    upstream: "if a listener dies after it was asked, the others are not asked until the next round",
    ringside: "the next listener is asked at once",
    why: "existing providers must be found",
  },
  "accept-only-from-who-was-asked": {
    upstream: "LISTEN_ACCEPT is accepted from any connection",
    ringside: "it counts only from the connection that was asked",
    why: "a client must not become a provider without being asked",
  },
  "dead-provider-is-noticed": {
    upstream: "the caller of a provider that dies waits for the timeout",
    ringside: "the call goes to another provider at once, or ends with NO_RPC_PROVIDER",
    why: "the death is known, so waiting has no purpose",
  },
  "answer-time-begins-with-acceptance": {
    upstream: "a provider's time limit starts when it is asked",
    ringside: "it starts when the provider accepts",
    why: "a provider that accepts late still has the whole time to answer",
  },
  "answer-only-from-who-was-asked": {
    upstream: "any connection that knows the id of a call can answer it",
    ringside: "only the provider that was asked can; others get INVALID_RPC_CORRELATION_ID",
    why: "answers must not be forged",
  },
  "rules-keep-the-order": {
    upstream: "later messages overtake a message whose rule loads a record",
    ringside: "messages of one connection are processed in order",
    why: "a client relies on the order of its writes",
  },
  "batches-in-order": {
    upstream: "the messages of one HTTP request are processed in any order",
    ringside: "one after another",
    why: "a read must see an earlier write of the same request",
  },
  "members-are-sorted": {
    upstream: "members of an object keep the order in which they were written",
    ringside: "members are in the order of their keys",
    why: "documents of the grid are sorted, and the order has no meaning in JSON",
  },
  "made-parents-are-told": {
    upstream: "others get a patch as it was sent, even if it created parent values",
    ringside: "others get the outermost value that it created or replaced, with its path",
    why: "the grid reports the changed value; the result in the client is the same",
  },
  "hot-paths-are-ordinary": {
    upstream: "records with a prefix of storageHotPathPrefixes have no versions and refuse paths",
    ringside: "they are ordinary records",
    why: "the grid has no slow path to avoid",
  },
  "slow-readers-are-cut-off": {
    upstream: "the queue of a client that does not read grows without limit",
    ringside: "the queue is bounded, and the connection is closed when it is full",
    why: "one client must not use up the memory of all",
  },
  "records-survive-a-restart": {
    upstream: "without cache and storage plugins a restart forgets all records",
    ringside: "a gateway has no state: the grid keeps records and versions",
    why: "an acknowledgement means stored as promised",
  },
  "dangerous-paths-are-refused": {
    upstream: "a path that names __proto__ is applied",
    ringside: "it fails with INVALID_MESSAGE_DATA, as in later versions of upstream",
    why: "a client must not change prototypes in other clients",
  },
  "erase-needs-the-right-to-delete": {
    upstream: "removing a value of a record needs no separate permission",
    ringside: "it needs the permission to delete, as in later versions of upstream",
    why: "later versions of upstream have fixed it",
  },
};

const used = new Set();

function use(id) {
  if (!differences[id]) throw new Error(`differences.js has no ${id}`);
  used.add(id);
}

const unused = () => Object.keys(differences).filter((id) => !used.has(id));

module.exports = { differences, use, unused };
