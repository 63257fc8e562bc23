#include "tools/gateway/grid/operations.hpp"

#include <fmt/format.h>

namespace ringside::gateway {

namespace {

/// A record that changes under a write this often is changed by others all the time.
constexpr int attempts_max = 16;

constexpr bool is_patch(Write::Kind kind) noexcept {
    return kind == Write::Kind::patch || kind == Write::Kind::json_patch;
}
/// Whether it makes a record where there is none.
constexpr bool creates(Write::Kind kind) noexcept {
    return kind == Write::Kind::put || kind == Write::Kind::merge;
}

Condition condition_of(std::optional<Version> version) noexcept {
    return version ? Condition::version_is(*version) : Condition::is_absent();
}

bool holds(const Condition& condition, const WriteEvidence::Seen& seen) noexcept {
    switch (condition.kind) {
        case Condition::Kind::version: return seen.version == condition.expected;
        case Condition::Kind::revision:
            return seen.version.has_value() && seen.revision == condition.expected;
        case Condition::Kind::absent: return !seen.version;
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

/// The member of a transaction's write that says what is written.
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
    return {412, "condition_failed", "the record's version is not what the condition asks for"};
}

}  // namespace

Problem bad_request(std::string detail) { return {400, "bad_request", std::move(detail)}; }

Outcome<Document> document_member(const Value& object, std::string_view key,
                                  const DocumentLimits& limits) {
    const Value member = object[key];
    if (!member.exists()) return bad_request(fmt::format("'{}' is missing", key));
    auto document = Document::copy(member, limits);
    if (!document) return Problem::of(document.error());
    return *std::move(document);
}

Outcome<std::string> text_member(const Value& object, std::string_view key) {
    const auto text = object[key].as_string();
    if (!text) return bad_request(fmt::format("'{}' must be a string", key));
    return std::string(*text);
}

Outcome<std::optional<std::uint64_t>> number_member(const Value& object, std::string_view key) {
    const Value member = object[key];
    if (!member.exists()) return std::optional<std::uint64_t>();
    const auto number = member.as_uint64();
    if (!number) return bad_request(fmt::format("'{}' must be a whole number", key));
    return std::optional(*number);
}

Outcome<bool> flag_member(const Value& object, std::string_view key) {
    const Value member = object[key];
    if (!member.exists()) return false;
    const auto flag = member.as_bool();
    if (!flag) return bad_request(fmt::format("'{}' must be true or false", key));
    return *flag;
}

Outcome<WriteOptions> write_options_of(const Value& object) {
    WriteOptions options;
    const auto version = number_member(object, "if_version");
    if (!version) return version.error();
    const auto revision = number_member(object, "if_revision");
    if (!revision) return revision.error();
    const auto absent = flag_member(object, "if_absent");
    if (!absent) return absent.error();
    if (version->has_value() + revision->has_value() + *absent > 1) {
        return bad_request("a write has one condition: if_version, if_revision or if_absent");
    }
    if (*version) options.condition = Condition::version_is(**version);
    if (*revision) options.condition = Condition::revision_is(**revision);
    if (*absent) options.condition = Condition::is_absent();
    const auto ttl = number_member(object, "ttl_ms");
    if (!ttl) return ttl.error();
    if (*ttl) {
        if (**ttl == 0 || **ttl > limits::ttl_ms_max) return Problem::of(Error(Errc::bad_ttl));
        options.ttl = std::chrono::milliseconds(**ttl);
    }
    const auto durable = flag_member(object, "durable");
    if (!durable) return durable.error();
    if (*durable) options.grade = Grade::durable;
    return options;
}

Outcome<std::optional<Version>> Operations::version_of(std::string_view name) {
    const auto record = grid_.reader().get(name);
    if (record) return std::optional(record->version());
    if (record.error() == Errc::not_found) return std::optional<Version>();
    return Problem::of(record.error());
}

Outcome<void> Operations::refuse_write(const Requester& requester, const Write& write,
                                       const WriteEvidence& evidence) {
    const std::string& name = write.name;
    const bool may_write = requester.may(Action::write, name, evidence);
    const bool may_create = !creates(write.kind) || requester.may(Action::create, name, evidence);
    if (may_write && may_create) return {};
    // Which of the two counts depends on whether the record is there.
    const Condition::Kind asked = write.options.condition.kind;
    if (asked == Condition::Kind::none) {
        if (const auto looked = evidence.look(); !looked) return Problem::of(looked.error());
    }
    const bool is_new =
        evidence.seen() ? !evidence.seen()->version : asked == Condition::Kind::absent;
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

/// The condition that the write is to have so that it does no more than is allowed.
Outcome<Condition> Operations::permitted(const Requester& requester, const Write& write,
                                         const WriteEvidence& evidence) {
    Outcome<void> refused;
    if (write.kind != Write::Kind::remove) {
        refused = refuse_write(requester, write, evidence);
    } else if (auto problem = requester.refuse(Action::remove, write.name, evidence)) {
        refused = *std::move(problem);
    }
    if (evidence.failure()) return Problem::of(*evidence.failure(), is_patch(write.kind));
    if (!refused) return refused.error();
    const Condition asked = write.options.condition;
    if (!evidence.seen()) return asked;
    if (!holds(asked, *evidence.seen())) return not_met();
    // A record that comes into being meanwhile is another one than was decided about.
    if (!evidence.seen()->version && !creates(write.kind)) {
        return Problem::of(Error(Errc::not_found));
    }
    return condition_of(evidence.seen()->version);
}

Task<Outcome<WriteResult>> Operations::write(const Requester& requester, Write write,
                                             const Preconditions& preconditions) {
    ++figures_.writes;
    const Condition asked = write.options.condition;
    const Write::Kind kind = write.kind;
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        write.options.condition = asked;
        if (!preconditions.empty()) {
            const auto version = version_of(write.name);
            if (!version) co_return version.error();
            if (!preconditions.hold(*version)) co_return not_met();
            write.options.condition = condition_of(*version);
        }
        const WriteEvidence evidence(grid_.reader(), grid_.records(), write,
                                     [&write] { return write.content(); });
        const auto permitted = this->permitted(requester, write, evidence);
        if (!permitted) co_return permitted.error();
        write.options.condition = *permitted;
        const bool is_bound = permitted->kind != asked.kind;
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
    co_return Problem{503, "busy", "others change the record all the time",
                      std::chrono::seconds(1)};
}

Outcome<void> Operations::add(const Requester& requester, const Value& item, bool is_durable,
                              Filled& filled) {
    Transaction& transaction = filled.transaction;
    const auto op = text_member(item, "op");
    if (!op) return op.error();
    const auto kind = kind_of(*op);
    if (!kind) return bad_request(fmt::format("there is no op '{}'", *op));
    const Value content = item[content_key(*kind)];
    const auto need_content = [&]() -> Outcome<void> {
        if (content.exists()) return {};
        return bad_request(fmt::format("op '{}' needs '{}'", *op, content_key(*kind)));
    };
    const auto in_grid = [&](const Result<void>& added) -> Outcome<void> {
        if (added) return {};
        return Problem::of(added.error(), is_patch(*kind));
    };
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
        return Error(Errc::bad_request, "there is no document");
    });
    const auto condition = permitted(requester, write, evidence);
    if (!condition) return condition.error();
    const bool is_again = !filled.records.insert(*name).second;
    if (is_again && evidence.seen() && looks_at_record(*requester.permissions, write)) {
        return bad_request(
            "a rule looks at this record, which an earlier write of the transaction changes");
    }
    filled.is_bound = filled.is_bound || condition->kind != options->condition.kind;
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
        // What is no document is told so, before a rule fails because of it.
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
