#include "tools/gateway/grid/operations.hpp"

#include <fmt/format.h>

namespace ringside::gateway {

namespace {

/// After this many attempts the record is changing constantly, and the write fails.
constexpr int attempts_max = 16;

constexpr bool is_patch(Write::Kind kind) noexcept {
    return kind == Write::Kind::patch || kind == Write::Kind::json_patch;
}
/// Returns whether the write creates a record that does not exist.
constexpr bool creates(Write::Kind kind) noexcept {
    return kind == Write::Kind::put || kind == Write::Kind::merge;
}

/// Requires the state that was seen. A version would not suffice: it starts from 1 again when a
/// record is removed and recreated.
Condition condition_of(const WriteEvidence::Seen& seen) noexcept {
    return seen ? Condition::revision_is(seen->revision) : Condition::is_absent();
}

bool is_same_condition(const Condition& left, const Condition& right) noexcept {
    return left.kind == right.kind && left.expected == right.expected;
}

bool holds(const Condition& condition, const WriteEvidence::Seen& seen) noexcept {
    switch (condition.kind) {
        case Condition::Kind::version: return seen && seen->version == condition.expected;
        case Condition::Kind::revision: return seen && seen->revision == condition.expected;
        case Condition::Kind::absent: return !seen;
        case Condition::Kind::none: break;
    }
    return true;
}

std::optional<Write::Kind> kind_of(std::string_view op) noexcept {
    if (op == "put") return Write::Kind::put;
    if (op == "patch") return Write::Kind::patch;
    if (op == "merge") return Write::Kind::merge;
    if (op == "json_patch") return Write::Kind::json_patch;
    if (op == "remove") return Write::Kind::remove;
    if (op == "publish") return Write::Kind::publish;
    return std::nullopt;
}

/// The member of a transaction's write that holds the content.
std::string_view content_key(Write::Kind kind) noexcept {
    switch (kind) {
        case Write::Kind::patch: return "value";
        case Write::Kind::json_patch: return "patch";
        default: return "document";
    }
}

bool looks_at_record(const Permissions& permissions, const Write& write) {
    const Action action = write.kind == Write::Kind::remove ? Action::remove : Action::write;
    return permissions.looks_at_documents(action, write.name) ||
           permissions.looks_at_data(action, write.name);
}

Problem not_met() {
    return {412, "condition_failed", "record does not meet the condition; read it again and retry"};
}

}  // namespace

Outcome<void> Operations::refuse_write(const Requester& requester, const Write& write,
                                       const WriteEvidence& evidence,
                                       const std::optional<WriteEvidence::Seen>& known) {
    const std::string& name = write.name;
    const bool may_write = requester.may(Action::write, name, evidence);
    const bool may_create = !creates(write.kind) || requester.may(Action::create, name, evidence);
    if (may_write && may_create) return {};
    // The existence of the record decides which of the two applies.
    const Condition::Kind asked = write.options.condition.kind;
    if (asked == Condition::Kind::none && !known) {
        if (const auto looked = evidence.look(); !looked) return Problem::of(looked.error());
    }
    const auto& seen = evidence.seen() ? evidence.seen() : known;
    const bool is_new = seen ? !seen->has_value() : asked == Condition::Kind::absent;
    const bool is_made = is_new && creates(write.kind);
    if (is_made) {
        if (auto problem = requester.refuse(Action::create, name, evidence)) {
            return *std::move(problem);
        }
    }
    if (!is_made || !requester.permissions->create_includes_write()) {
        if (auto problem = requester.refuse(Action::write, name, evidence)) {
            return *std::move(problem);
        }
    }
    return {};
}

/// Returns the condition that prevents the write from doing more than is allowed.
Outcome<Condition> Operations::permitted(const Requester& requester, const Write& write,
                                         const WriteEvidence& evidence,
                                         const std::optional<WriteEvidence::Seen>& known) {
    Outcome<void> refused;
    if (write.kind != Write::Kind::remove) {
        refused = refuse_write(requester, write, evidence, known);
    } else if (auto problem = requester.refuse(Action::remove, write.name, evidence)) {
        refused = *std::move(problem);
    }
    if (evidence.failure()) return Problem::of(*evidence.failure(), is_patch(write.kind));
    if (!refused) return refused.error();
    const Condition asked = write.options.condition;
    const auto& seen = evidence.seen() ? evidence.seen() : known;
    if (!seen) return asked;
    if (!holds(asked, *seen)) return not_met();
    // The decision does not apply to a record that was created meanwhile.
    if (!seen->has_value() && !creates(write.kind)) return Problem::of(Error(Errc::not_found));
    return condition_of(*seen);
}

Task<Outcome<WriteResult>> Operations::write(const Requester& requester, Write write,
                                             const Preconditions& preconditions) {
    ++figures_.writes;
    const Condition asked = write.options.condition;
    const Write::Kind kind = write.kind;
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        write.options.condition = asked;
        std::optional<WriteEvidence::Seen> known;
        if (!preconditions.empty()) {
            const auto state = record_state(grid_.reader(), write.name);
            if (!state) co_return Problem::of(state.error());
            known.emplace(*state);
        }
        const WriteEvidence evidence(grid_.reader(), grid_.records(), write,
                                     [&write] { return write.content(); });
        const auto permitted = this->permitted(requester, write, evidence, known);
        if (!permitted) co_return permitted.error();
        if (known) {
            const bool is_of_known =
                !evidence.seen() ||
                is_same_condition(condition_of(*evidence.seen()), condition_of(*known));
            if (!is_of_known) continue;
            if (preconditions.evaluate(*known) != Preconditions::Verdict::proceed) {
                co_return not_met();
            }
        }
        write.options.condition = *permitted;
        const bool is_bound = !is_same_condition(*permitted, asked);
        if (!is_bound) {
            const auto written = co_await grid_.write(std::move(write));
            if (written) co_return *written;
            co_return Problem::of(written.error(), is_patch(kind));
        }
        const auto written = co_await grid_.write(write);
        if (written) co_return *written;
        if (written.error() != Errc::condition_failed) {
            co_return Problem::of(written.error(), is_patch(kind));
        }
    }
    co_return Problem{503, "busy", "record changes too often for the patch; try again later",
                      std::chrono::seconds(1)};
}

Outcome<void> Operations::add(const Requester& requester, const Value& item, bool is_durable,
                              Filled& filled) {
    Transaction& transaction = filled.transaction;
    const auto op = text_member(item, "op");
    if (!op) return op.error();
    const auto kind = kind_of(*op);
    if (!kind) return bad_request(fmt::format("unknown op '{}'", *op));
    const Value content = item[content_key(*kind)];
    const auto need_content = [&]() -> Outcome<void> {
        if (content.exists()) return {};
        return bad_request(fmt::format("op '{}' is incomplete; set '{}'", *op, content_key(*kind)));
    };
    const auto in_grid = [&](const Result<void>& added) -> Outcome<void> {
        if (added) return {};
        return Problem::of(added.error(), is_patch(*kind));
    };
    if (auto checked = check_write_members(item, *kind, {}); !checked) return checked.error();
    const bool is_event = *kind == Write::Kind::publish;
    const auto name = text_member(item, is_event ? "subject" : "name");
    if (!name) return name.error();
    if (is_event) {
        const PayloadEvidence evidence(grid_.records(), content);
        if (auto problem = requester.refuse(Action::publish, *name, evidence)) {
            return *std::move(problem);
        }
        if (auto needed = need_content(); !needed) return needed;
        const auto document = document_member(item, content_key(*kind));
        if (!document) return document.error();
        return in_grid(transaction.publish(*name, *document));
    }
    const auto options = write_options_of(item);
    if (!options) return options.error();
    Write write{.kind = *kind, .name = *name, .options = *options};
    if (*kind == Write::Kind::patch) write.pointer = item["pointer"].as_string().value_or("");
    const WriteEvidence evidence(grid_.reader(), grid_.records(), write, [&]() -> Result<Document> {
        if (content.exists()) return Document::copy(content, Write::limits_of(*kind));
        return Error(Errc::bad_request, "document is missing");
    });
    const auto condition = permitted(requester, write, evidence);
    if (!condition) return condition.error();
    const bool is_again = !filled.records.insert(*name).second;
    if (is_again && evidence.seen() && looks_at_record(*requester.permissions, write)) {
        return bad_request(
            "an access rule reads this record, which an earlier write of the transaction changes; "
            "split the transaction");
    }
    filled.is_bound = filled.is_bound || !is_same_condition(*condition, options->condition);
    write.options.condition = *condition;
    if (is_durable) write.options.grade = Grade::durable;
    if (*kind == Write::Kind::remove) return in_grid(transaction.remove(*name, write.options));
    if (auto needed = need_content(); !needed) return needed;
    const auto document = document_member(item, content_key(*kind), Write::limits_of(*kind));
    if (!document) return document.error();
    switch (*kind) {
        case Write::Kind::put: return in_grid(transaction.put(*name, *document, write.options));
        case Write::Kind::merge:
            return in_grid(transaction.merge_encoded(*name, document->bytes(), write.options));
        case Write::Kind::json_patch:
            return in_grid(transaction.json_patch_encoded(*name, document->bytes(), write.options));
        default: break;
    }
    const auto pointer = text_member(item, "pointer");
    if (!pointer) return pointer.error();
    return in_grid(transaction.patch(*name, *pointer, *document, write.options));
}

Outcome<Operations::Filled> Operations::fill(const Requester& requester, const Value& writes,
                                             bool is_durable) {
    Filled filled;
    std::size_t place = 0;
    for (const Value item : writes.elements()) {
        if (auto added = add(requester, item, is_durable, filled); !added) {
            Problem problem = added.error();
            problem.detail = fmt::format("write {}: {}", place, problem.detail);
            problem.member = fmt::format(R"("write":{})", place);
            return problem;
        }
        filled.has_patch = filled.has_patch || item["op"].as_string() == "json_patch" ||
                           item["op"].as_string() == "patch";
        ++place;
    }
    return filled;
}

Task<Outcome<CommitResult>> Operations::commit(const Requester& requester, const Value& writes,
                                               bool is_durable) {
    ++figures_.writes;
    if (!writes.is_array() || writes.size() == 0) {
        co_return bad_request("'writes' must be a list of writes");
    }
    WorkPool& pool = grid_.transactions();
    for (int attempt = 1;; ++attempt) {
        if (auto problem = pool.refuse(requester.account())) co_return *std::move(problem);
        auto filled = fill(requester, writes, is_durable);
        if (!filled) co_return filled.error();
        auto task = [this, transaction = std::move(filled->transaction)] {
            return grid_.client().commit(transaction);
        };
        auto committed = co_await pool.run(requester.account(), std::move(task));
        if (committed) co_return *std::move(committed);
        const bool is_tried_again = filled->is_bound && attempt < attempts_max &&
                                    committed.error() == Errc::condition_failed;
        if (!is_tried_again) co_return Problem::of(committed.error(), filled->has_patch);
    }
}

Outcome<void> Operations::refuse_message(const Requester& requester, Action action,
                                         std::string_view name, const Content& content) {
    if (requester.permissions->looks_at_data(action, name)) {
        // An invalid document is reported as such, before a rule fails because of it.
        if (const auto read = content.read(); !read) return Problem::of(read.error());
    }
    const Document* document = content.document();
    const auto evidence = document == nullptr ? PayloadEvidence(grid_.records(), content.json())
                                              : PayloadEvidence(grid_.records(), document->root());
    if (auto problem = requester.refuse(action, name, evidence)) return *std::move(problem);
    return {};
}

Task<Outcome<Revision>> Operations::publish(const Requester& requester, std::string subject,
                                            Content content) {
    ++figures_.publications;
    if (auto refused = refuse_message(requester, Action::publish, subject, content); !refused) {
        co_return refused.error();
    }
    Write event{.kind = Write::Kind::publish, .name = std::move(subject)};
    event.document = content.take_document();
    event.json = content.take_json();
    auto told = co_await grid_.write(std::move(event));
    if (!told) co_return Problem::of(told.error());
    co_return told->revision;
}

Task<Outcome<Answer>> Operations::call(const Requester& requester, std::string name,
                                       Content content, CallOptions options) {
    ++figures_.calls;
    if (auto refused = refuse_message(requester, Action::call, name, content); !refused) {
        co_return refused.error();
    }
    auto answer = co_await grid_.call(std::move(name), std::move(content), options);
    if (!answer) co_return Problem::of(answer.error());
    co_return *std::move(answer);
}

}  // namespace ringside::gateway
