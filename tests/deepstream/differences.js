"use strict";
// Where Ringside does on purpose something else than the deepstream server. A test that touches
// one of them asks for it by name (Context.differs) and asserts for each of the two what it does.
// The runner sees to it that each is looked at by a test.

const differences = {
  "malformed-json-closes-the-connection": {
    upstream: "data of a record or a login that are no JSON end the server's process; of events they are passed on",
    ringside: "the connection that sent it is closed; everybody else goes on",
    why: "one client must not be able to take the server away from all",
  },
  "bulk-denial-removes-the-denied": {
    upstream: "of a message with several names the last one is left out where one is denied",
    ringside: "the denied name is left out, the others are carried out",
    why: "upstream lets a user subscribe to what is forbidden",
  },
  "conflict-settles-the-write": {
    upstream: "a write with acknowledgement whose version is not the next one is never settled",
    ringside: "RECORD_UPDATE_ERROR follows VERSION_EXISTS or INVALID_VERSION: the client's promise is rejected",
    why: "a caller that waits has to hear the outcome",
  },
  "refusals-are-errors": {
    upstream: "INVALID_MESSAGE_DATA and INVALID_VERSION are no errors: the client takes them for acknowledgements",
    ringside: "they have isError: the client's promise is rejected",
    why: "a write that is refused must not look like one that is stored",
  },
  "refusals-tell-the-state": {
    upstream: "the copy of a client whose write is refused stays as that client has changed it",
    ringside: "the client is told the record as it is, by an UPDATE, before it hears of the refusal",
    why: "its next writes would have a wrong version, and be refused, too",
  },
  "denied-notify-is-an-error": {
    upstream: "NOTIFY of which every name is denied is never settled; of others, the rest is acknowledged",
    ringside: "RECORD_NOTIFY_ERROR follows MESSAGE_DENIED: the client's promise is rejected",
    why: "a caller that waits has to hear the outcome",
  },
  "halves-of-characters-are-replaced": {
    upstream: "half a surrogate pair in the text of a record or an event is passed on as it is",
    ringside: "it becomes U+FFFD, of which the writer of a record is told",
    why: "texts of the grid are UTF-8, which has no such thing",
  },
  "write-of-a-missing-record": {
    upstream: "UPDATE or PATCH with acknowledgement of a record that is not there creates it",
    ringside: "it is RECORD_UPDATE_ERROR, as without acknowledgement",
    why: "whether a record is created must not depend on who waits for it",
  },
  "no-wedged-record": {
    upstream: "after INVALID_VERSION no write of the record is accepted any more",
    ringside: "the next write with the right version is accepted",
    why: "a mistake of one client must not stop the others",
  },
  "notify-never-deletes": {
    upstream: "NOTIFY without a storage deletes the record",
    ringside: "NOTIFY is acknowledged, and changes nothing: the grid has no cache to refresh",
    why: "records must not vanish because somebody has said that they changed",
  },
  "dead-listener-costs-nobody-their-turn": {
    upstream: "when a listener that is asked dies the others are not asked until the next round",
    ringside: "the next listener is asked at once",
    why: "providers that are there have to be found",
  },
  "accept-only-from-who-was-asked": {
    upstream: "LISTEN_ACCEPT is taken from any connection",
    ringside: "it counts only from the connection that was asked",
    why: "nobody may become the provider of what they were not asked for",
  },
  "dead-provider-is-noticed": {
    upstream: "the caller of a provider that dies waits for the timeout",
    ringside: "the call goes to another provider at once, or ends with NO_RPC_PROVIDER",
    why: "the death is known, so waiting helps nobody",
  },
  "answer-time-begins-with-acceptance": {
    upstream: "a provider's time to answer begins when it is asked",
    ringside: "it begins when the provider accepts",
    why: "a provider that accepts late still has the whole time to answer",
  },
  "answer-only-from-who-was-asked": {
    upstream: "any connection that knows the id of a call can answer it",
    ringside: "only the provider that was asked can; others hear INVALID_RPC_CORRELATION_ID",
    why: "answers must not be forged",
  },
  "rules-keep-the-order": {
    upstream: "a message whose rule has to load a record is overtaken by later ones",
    ringside: "messages of one connection are carried out in their order",
    why: "a client relies on the order in which it has written",
  },
  "batches-in-order": {
    upstream: "the messages of one HTTP request are carried out in any order",
    ringside: "one after another",
    why: "a read behind a write of the same request has to see it",
  },
  "members-are-sorted": {
    upstream: "members of an object come in the order in which they were written",
    ringside: "in the order of their keys",
    why: "documents of the grid are kept sorted; JSON gives the order no meaning",
  },
  "made-parents-are-told": {
    upstream: "a patch is told to others as it was sent, also where it has made parents on its way",
    ringside: "the outermost value that it has made or replaced is told, by its path",
    why: "the grid tells of the value that has changed; for a client it comes to the same",
  },
  "hot-paths-are-ordinary": {
    upstream: "records with a prefix of storageHotPathPrefixes have no versions and refuse paths",
    ringside: "they are records like any other",
    why: "the grid has no slow path that would have to be avoided",
  },
  "slow-readers-are-cut-off": {
    upstream: "what waits for a client that does not read grows without end",
    ringside: "it is bounded; such a connection is closed in the end",
    why: "one client must not take the memory of all",
  },
  "records-survive-a-restart": {
    upstream: "without cache and storage plugins a restart forgets all records",
    ringside: "a gateway has no state of its own: the grid keeps records and versions",
    why: "an acknowledgement means stored as promised",
  },
  "dangerous-paths-are-refused": {
    upstream: "a path that names __proto__ is carried out",
    ringside: "it is INVALID_MESSAGE_DATA, as with later versions of upstream",
    why: "no client may reach the prototypes of others",
  },
  "erase-needs-the-right-to-delete": {
    upstream: "removing a value of a record needs no permission of its own",
    ringside: "it needs the one to delete, as with later versions of upstream",
    why: "upstream has corrected it since",
  },
};

const used = new Set();

function use(id) {
  if (!differences[id]) throw new Error(`differences.js has no ${id}`);
  used.add(id);
}

const unused = () => Object.keys(differences).filter((id) => !used.has(id));

module.exports = { differences, use, unused };
