#include <fmt/format.h>

#include "tools/gateway/load/spawn.hpp"
#include "tools/gateway/ws/ws_session.hpp"

/// The operations (`op`) of a WebSocket.
namespace ringside::gateway {

namespace {

std::string members_of(const WriteResult& written) {
    return fmt::format(R"(,"revision":{},"version":{})", written.revision, written.version);
}

/// Returns an empty text if the member is missing.
Outcome<std::string> optional_text(const Value& object, std::string_view key) {
    if (!object[key].exists()) return std::string();
    return text_member(object, key);
}

/// Reads a flag with a given default.
Outcome<bool> flag_or(const Value& object, std::string_view key, bool otherwise) {
    if (!object[key].exists()) return otherwise;
    return flag_member(object, key);
}

/// Returns 400 for a member that the operation does not have. An unknown `op` is refused later.
Outcome<void> check_request_members(const Value& request, std::string_view op) {
    const auto has_write = [&](Write::Kind kind) {
        return check_write_members(request, kind, {"id", "durable"});
    };
    if (op == "put") return has_write(Write::Kind::put);
    if (op == "patch") return has_write(Write::Kind::patch);
    if (op == "merge") return has_write(Write::Kind::merge);
    if (op == "json_patch") return has_write(Write::Kind::json_patch);
    if (op == "remove") return has_write(Write::Kind::remove);
    if (op == "publish") return check_write_members(request, Write::Kind::publish, {"id"});
    const auto has_only = [&](std::initializer_list<std::string_view> members) {
        return check_members(request, members, {"op", "id"});
    };
    if (op == "get") return has_only({"name", "pointer"});
    if (op == "commit") return has_only({"writes", "durable"});
    if (op == "call") return has_only({"name", "document", "timeout_ms", "idempotent"});
    if (op == "watch") {
        return has_only({"pattern", "pointer", "initial", "from", "after", "events", "changes"});
    }
    if (op == "unwatch") return has_only({"watch"});
    if (op == "provide") return has_only({"pattern"});
    if (op == "answer") return has_only({"call", "document", "failure", "reject"});
    if (op == "withdraw") return has_only({"provider"});
    if (op == "ping") return has_only({});
    return {};
}

}  // namespace

Outcome<WatchRequest> watch_request_of(const Value& request) {
    const auto text = text_member(request, "pattern");
    if (!text) return text.error();
    auto pattern = Pattern::parse(*text);
    if (!pattern) return Problem::of(pattern.error());
    const auto where = optional_text(request, "pointer");
    if (!where) return where.error();
    auto pointer = JsonPointer::parse(*where);
    if (!pointer) return Problem::of(pointer.error());
    const auto initial = flag_member(request, "initial");
    if (!initial) return initial.error();
    const auto events = flag_member(request, "events");
    if (!events) return events.error();
    const auto changes = flag_or(request, "changes", true);
    if (!changes) return changes.error();
    const auto from = number_member(request, "from");
    if (!from) return from.error();
    const auto after = optional_text(request, "after");
    if (!after) return after.error();
    if (!*changes && !*events) {
        return bad_request("watch selects neither changes nor events; select one");
    }
    if (*initial + from->has_value() + !after->empty() > 1) {
        return bad_request("watch starts with one of the state, a revision and a place; keep one");
    }
    WatchRequest watch{.pattern = *std::move(pattern), .pointer = *std::move(pointer)};
    watch.what = !*events    ? WatchFor::changes
                 : !*changes ? WatchFor::events
                             : WatchFor::changes | WatchFor::events;
    watch.initial = *initial;
    if (*from) watch.after = Place{std::max<Revision>(**from, 1) - 1, 0};
    if (after->empty()) return watch;
    watch.after = Place::parse(*after);
    if (!watch.after) return bad_request("'after' is not a place reported by a watch");
    return watch;
}

Task<void> WsSession::carry_out(std::shared_ptr<Exchange> exchange) {
    const auto self = shared_from_this();
    const Value request = exchange->document.root();
    const std::string op(request["op"].as_string().value_or(""));
    // Released even if an exception ends the coroutine.
    auto leave = [this, bytes = exchange->bytes](void*) {
        --under_way_;
        under_way_bytes_ -= bytes;
        under_way_memory_.set(under_way_bytes_);
    };
    std::unique_ptr<void, decltype(leave)> under_way(this, leave);
    Reply answered;
    try {
        answered = co_await answer(request, op);
    } catch (...) {
        log_failure("a request of a WebSocket", std::current_exception());
        answered = Problem{500, "internal", "the gateway failed to carry out the request"};
    }
    under_way.reset();
    // The response precedes the messages of its watch.
    reply(exchange->id, answered);
    if (answered && op == "watch") {
        if (const auto watch = watches_.find(ids_); watch != watches_.end()) watch->second->go_on();
    }
}

Task<WsSession::Reply> WsSession::answer(const Value& request, std::string_view op) {
    if (const auto checked = check_request_members(request, op); !checked) {
        co_return checked.error();
    }
    if (op == "get") co_return get(request);
    if (op == "put") co_return co_await write(request, Write::Kind::put);
    if (op == "patch") co_return co_await write(request, Write::Kind::patch);
    if (op == "merge") co_return co_await write(request, Write::Kind::merge);
    if (op == "json_patch") co_return co_await write(request, Write::Kind::json_patch);
    if (op == "remove") co_return co_await write(request, Write::Kind::remove);
    if (op == "commit") co_return co_await commit(request);
    if (op == "publish") co_return co_await publish(request);
    if (op == "call") co_return co_await call(request);
    if (op == "watch") co_return watch(request);
    if (op == "unwatch") co_return unwatch(request);
    if (op == "provide") co_return co_await provide(request);
    if (op == "answer") co_return co_await answer_call(request);
    if (op == "withdraw") co_return co_await withdraw(request);
    if (op == "ping") co_return std::string();
    co_return bad_request(fmt::format("unknown op '{}'", op));
}

WsSession::Reply WsSession::get(const Value& request) {
    ++services_.figures.reads;
    const auto name = text_member(request, "name");
    if (!name) return name.error();
    GridAccess& grid = services_.operations.grid();
    const auto record = grid.reader().get(*name);
    const ReadEvidence evidence(grid.records(), *name, record ? record->document() : Value());
    if (auto problem = requester_.refuse(Action::read, *name, evidence)) {
        return *std::move(problem);
    }
    const auto where = optional_text(request, "pointer");
    if (!where) return where.error();
    const auto pointer = JsonPointer::parse(*where);
    if (!pointer) return Problem::of(pointer.error());
    if (!record) return Problem::of(record.error());
    std::string members = members_of({record->revision(), record->version()});
    const auto value = record->document().find(*pointer);
    if (!value) return Problem::of(Error(Errc::path_not_found, pointer->text()));
    members += pointer->empty() ? R"(,"document":)" : R"(,"value":)";
    append_json(*value, members);
    if (const auto whole = record->check(); !whole) return Problem::of(whole.error());
    return members;
}

Task<WsSession::Reply> WsSession::write(const Value& request, Write::Kind kind) {
    Write write;
    write.kind = kind;
    auto name = text_member(request, "name");
    if (!name) co_return name.error();
    write.name = *std::move(name);
    const auto options = write_options_of(request);
    if (!options) co_return options.error();
    write.options = *options;
    if (kind == Write::Kind::patch) {
        auto pointer = text_member(request, "pointer");
        if (!pointer) co_return pointer.error();
        write.pointer = *std::move(pointer);
    }
    if (kind != Write::Kind::remove) {
        auto document = document_member(request,
                                        kind == Write::Kind::patch        ? "value"
                                        : kind == Write::Kind::json_patch ? "patch"
                                                                          : "document",
                                        Write::limits_of(kind));
        if (!document) co_return document.error();
        write.document = *std::move(document);
    }
    const Preconditions none;
    const auto written = co_await services_.operations.write(requester_, std::move(write), none);
    if (!written) co_return written.error();
    co_return members_of(*written);
}

Task<WsSession::Reply> WsSession::commit(const Value& request) {
    const auto durable = flag_member(request, "durable");
    if (!durable) co_return durable.error();
    const Value writes = request["writes"];
    const auto committed = co_await services_.operations.commit(requester_, writes, *durable);
    if (!committed) co_return committed.error();
    co_return fmt::format(R"(,"revision":{},"versions":[{}])", committed->revision,
                          fmt::join(committed->versions, ","));
}

Task<WsSession::Reply> WsSession::publish(const Value& request) {
    auto subject = text_member(request, "subject");
    if (!subject) co_return subject.error();
    auto document = document_member(request, "document");
    if (!document) co_return document.error();
    Content content(*std::move(document));  // named, see GridAccess::work
    const auto told =
        co_await services_.operations.publish(requester_, *std::move(subject), std::move(content));
    if (!told) co_return told.error();
    co_return fmt::format(R"(,"revision":{})", *told);
}

Task<WsSession::Reply> WsSession::call(const Value& request) {
    auto name = text_member(request, "name");
    if (!name) co_return name.error();
    auto document = document_member(request, "document");
    if (!document) co_return document.error();
    const auto timeout = number_member(request, "timeout_ms");
    if (!timeout) co_return timeout.error();
    const auto idempotent = flag_member(request, "idempotent");
    if (!idempotent) co_return idempotent.error();
    CallOptions options{.idempotent = *idempotent};
    if (*timeout) {
        if (**timeout == 0 || **timeout > limits::call_ms_max) {
            co_return Problem::of(Error(Errc::bad_timeout));
        }
        options.timeout = std::chrono::milliseconds(**timeout);
    }
    Content content(*std::move(document));
    const auto answer = co_await services_.operations.call(requester_, *std::move(name),
                                                           std::move(content), options);
    if (!answer) co_return answer.error();
    std::string members = R"(,"document":)";
    append_json(answer->document.root(), members);
    if (answer->is_failure) members += R"(,"failure":true)";
    co_return members;
}

WsSession::Reply WsSession::watch(const Value& request) {
    if (watches_.size() >= watches_max) {
        return Problem{429, "watch_limit",
                       "watch limit of the connection reached; remove a watch first"};
    }
    const auto wanted = watch_request_of(request);
    if (!wanted) return wanted.error();
    for (const auto& [kind, action] : {std::pair(WatchFor::changes, Action::read),
                                       std::pair(WatchFor::events, Action::subscribe)}) {
        if (!includes(wanted->what, kind)) continue;
        if (auto problem = requester_.refuse_pattern(action, wanted->pattern)) {
            return *std::move(problem);
        }
    }
    const bool is_system = wanted->pattern.text().starts_with('$');
    Feed& feed = is_system ? services_.system_feed : services_.feed;
    auto made = feed.subscribe(*this, requester_, *wanted);
    if (!made) return made.error();
    const std::uint64_t id = ++ids_;
    (*made)->id = id;
    watches_.emplace(id, *std::move(made));
    return fmt::format(R"(,"watch":{})", id);
}

WsSession::Reply WsSession::unwatch(const Value& request) {
    const auto id = number_member(request, "watch");
    if (!id) return id.error();
    if (!*id || watches_.erase(**id) == 0) return bad_request("no such watch");
    return std::string();
}

Task<WsSession::Reply> WsSession::provide(const Value& request) {
    auto pattern = text_member(request, "pattern");
    if (!pattern) co_return pattern.error();
    const auto parsed = Pattern::parse(*pattern);
    if (!parsed) co_return Problem::of(parsed.error());
    if (requester_.permissions->coverage(Action::provide, *parsed) != Coverage::all) {
        if (auto problem = requester_.refuse_pattern(Action::provide, *parsed)) {
            co_return *std::move(problem);
        }
        co_return Problem{403, "permission_denied",
                          "not permitted to provide everything that this pattern matches"};
    }
    if (providers_.size() >= providers_max) {
        co_return Problem{429, "provider_limit",
                          "provider limit of the connection reached; withdraw a provider first"};
    }
    const std::uint64_t id = ++ids_;
    auto on_call = [weak = weak_from_this(), id,
                    &grid = services_.operations.grid()](std::shared_ptr<Call> call) {
        const auto session = weak.lock();
        if (session) session->offer(id, std::move(call));
        else grid.reject(std::move(call));
    };
    auto place = co_await services_.providers.provide(requester_.account(), *std::move(pattern),
                                                      std::move(on_call));
    if (!place) co_return place.error();
    if (is_over_) co_return bad_request("the connection has ended");
    providers_.emplace(id, Provided{*std::move(place), *parsed});
    co_return fmt::format(R"(,"provider":{})", id);
}

/// A call is kept until the broker has accepted its outcome: an answer that was refused for lack of
/// room can be given again.
Task<WsSession::Reply> WsSession::answer_call(const Value& request) {
    const auto id = number_member(request, "call");
    if (!id) co_return id.error();
    const auto at = *id ? calls_.find(**id) : calls_.end();
    if (at == calls_.end()) co_return bad_request("no such call");
    if (at->second.is_being_answered) co_return bad_request("the call is already being answered");
    const auto is_failure = flag_member(request, "failure");
    if (!is_failure) co_return is_failure.error();
    const auto is_rejected = flag_member(request, "reject");
    if (!is_rejected) co_return is_rejected.error();
    std::optional<Document> document;
    if (!*is_rejected) {
        auto answered = document_member(request, "document");
        if (!answered) co_return answered.error();
        document = *std::move(answered);
    }
    WorkPool& pool = services_.operations.grid().answers();
    if (auto problem = pool.refuse(requester_.account())) co_return *std::move(problem);
    at->second.is_being_answered = true;
    auto task = [call = at->second.call, document = std::move(document), fails = *is_failure] {
        if (!document) return call->reject();
        return fails ? call->fail(*document) : call->answer(*document);
    };
    const auto ended = co_await pool.run(requester_.account(), std::move(task));
    if (const auto answered = calls_.find(**id); answered != calls_.end()) {
        if (ended) calls_.erase(answered);
        else answered->second.is_being_answered = false;
    }
    if (!ended) co_return Problem::of(ended.error());
    co_return std::string();
}

Task<WsSession::Reply> WsSession::withdraw(const Value& request) {
    const auto id = number_member(request, "provider");
    if (!id) co_return id.error();
    const auto at = *id ? providers_.find(**id) : providers_.end();
    if (at == providers_.end()) co_return bad_request("no such provider");
    Provided provided = std::move(at->second);
    providers_.erase(at);
    const auto ended = co_await services_.providers.end(requester_.account(), provided.place);
    if (ended) co_return std::string();
    if (!is_over_) providers_.emplace(**id, std::move(provided));
    co_return ended.error();
}

}  // namespace ringside::gateway
