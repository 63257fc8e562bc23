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

std::optional<Write::Kind> kind_of(std::string_view op) noexcept {
    if (op == "put") return Write::Kind::put;
    if (op == "patch") return Write::Kind::patch;
    if (op == "merge") return Write::Kind::merge;
    if (op == "json_patch") return Write::Kind::json_patch;
    if (op == "remove") return Write::Kind::remove;
    if (op == "publish") return Write::Kind::publish;
    return std::nullopt;
}

Problem not_met() {
    return {412, "condition_failed", "the record's version is not what the condition asks for"};
}

}  // namespace

Problem bad_request(std::string detail) { return {400, "bad_request", std::move(detail)}; }

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

/// The condition that the write is to have so that it does no more than is allowed.
Outcome<Condition> Operations::permitted(const Requester& requester, Write::Kind kind,
                                         std::string_view name, Condition condition) {
    if (kind == Write::Kind::remove) {
        if (auto problem = requester.refuse(Action::remove, name)) return *std::move(problem);
        return condition;
    }
    const bool may_write = requester.may(Action::write, name);
    const bool may_create = requester.may(Action::create, name);
    if (may_write && (may_create || !creates(kind))) return condition;
    if (condition.kind == Condition::Kind::none) {
        const auto version = version_of(name);
        if (!version) return version.error();
        condition = condition_of(*version);
    }
    const bool is_new = condition.kind == Condition::Kind::absent;
    const Action action = is_new && creates(kind) ? Action::create : Action::write;
    if (auto problem = requester.refuse(action, name)) return *std::move(problem);
    return condition;
}

Task<Outcome<WriteResult>> Operations::write(const Requester& requester, Write write,
                                             const Preconditions& preconditions) {
    ++figures_.writes;
    const Condition asked = write.options.condition;
    const Write::Kind kind = write.kind;
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        Condition condition = asked;
        if (!preconditions.empty()) {
            const auto version = version_of(write.name);
            if (!version) co_return version.error();
            if (!preconditions.hold(*version)) co_return not_met();
            condition = condition_of(*version);
        }
        auto permitted = this->permitted(requester, kind, write.name, condition);
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
                              Transaction& transaction) {
    const auto op = text_member(item, "op");
    if (!op) return op.error();
    const auto kind = kind_of(*op);
    if (!kind) return bad_request(fmt::format("there is no op '{}'", *op));
    const auto need = [&](std::string_view key) -> Outcome<Value> {
        if (Value member = item[key]; member.exists()) return member;
        return bad_request(fmt::format("op '{}' needs '{}'", *op, key));
    };
    const auto in_grid = [&](const Result<void>& added) -> Outcome<void> {
        if (added) return {};
        return Problem::of(added.error(), is_patch(*kind));
    };
    const bool is_event = *kind == Write::Kind::publish;
    const auto name = text_member(item, is_event ? "subject" : "name");
    if (!name) return name.error();
    if (is_event) {
        if (auto problem = requester.refuse(Action::publish, *name)) return *std::move(problem);
        const auto document = need("document");
        if (!document) return document.error();
        return in_grid(transaction.publish(*name, Document::copy(*document)));
    }
    auto options = write_options_of(item);
    if (!options) return options.error();
    const auto condition = permitted(requester, *kind, *name, options->condition);
    if (!condition) return condition.error();
    options->condition = *condition;
    if (is_durable) options->grade = Grade::durable;
    if (*kind == Write::Kind::remove) return in_grid(transaction.remove(*name, *options));
    const auto content = need(*kind == Write::Kind::patch        ? "value"
                              : *kind == Write::Kind::json_patch ? "patch"
                                                                 : "document");
    if (!content) return content.error();
    switch (*kind) {
        case Write::Kind::put:
            return in_grid(transaction.put(*name, Document::copy(*content), *options));
        case Write::Kind::merge:
            return in_grid(transaction.merge(*name, to_json(*content), *options));
        case Write::Kind::json_patch:
            return in_grid(transaction.json_patch(*name, to_json(*content), *options));
        default: break;
    }
    const auto pointer = text_member(item, "pointer");
    if (!pointer) return pointer.error();
    return in_grid(transaction.patch(*name, *pointer, to_json(*content), *options));
}

Task<Outcome<CommitResult>> Operations::commit(const Requester& requester, const Value& writes,
                                               bool is_durable) {
    ++figures_.writes;
    if (!writes.is_array() || writes.size() == 0) {
        co_return bad_request("'writes' must be a list of writes");
    }
    Transaction transaction;
    std::size_t place = 0;
    bool has_patch = false;
    for (const Value item : writes.elements()) {
        if (auto added = add(requester, item, is_durable, transaction); !added) {
            Problem problem = added.error();
            problem.detail = fmt::format("write {}: {}", place, problem.detail);
            problem.member = fmt::format(R"("write":{})", place);
            co_return problem;
        }
        has_patch = has_patch || item["op"].as_string() == "json_patch" ||
                    item["op"].as_string() == "patch";
        ++place;
    }
    auto task = [this, transaction = std::move(transaction)] {
        return grid_.client().commit(transaction);
    };
    auto committed = co_await grid_.work(std::move(task));
    if (!committed) co_return Problem::of(Error(Errc::would_block, "too much is waiting"));
    if (!*committed) co_return Problem::of(committed->error(), has_patch);
    co_return **std::move(committed);
}

Task<Outcome<Revision>> Operations::publish(const Requester& requester, std::string subject,
                                            std::string json) {
    ++figures_.publications;
    if (auto problem = requester.refuse(Action::publish, subject)) co_return *std::move(problem);
    Write event{.kind = Write::Kind::publish, .name = std::move(subject), .json = std::move(json)};
    auto told = co_await grid_.write(std::move(event));
    if (!told) co_return Problem::of(told.error());
    co_return told->revision;
}

Task<Outcome<Answer>> Operations::call(const Requester& requester, std::string name,
                                       std::string json, CallOptions options) {
    ++figures_.calls;
    if (auto problem = requester.refuse(Action::call, name)) co_return *std::move(problem);
    auto answer = co_await grid_.call(std::move(name), std::move(json), options);
    if (!answer) co_return Problem::of(answer.error());
    co_return *std::move(answer);
}

}  // namespace ringside::gateway
