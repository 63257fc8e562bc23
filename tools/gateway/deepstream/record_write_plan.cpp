#include "tools/gateway/deepstream/record_write_plan.hpp"

#include "shm/document/json.hpp"
#include "tools/gateway/deepstream/decide.hpp"
#include "tools/gateway/deepstream/grid_evidence.hpp"

namespace ringside::gateway::deepstream {

namespace {

/// Returns whether a text can be a JSON object or array.
bool may_be_container(std::string_view json) noexcept {
    const std::size_t first = json.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && (json[first] == '{' || json[first] == '[');
}

/// The result of a write, for rules that read it.
class ChangeEvidence final : public GridEvidence {
public:
    ChangeEvidence(GridAccess& grid, const Value& document, const RecordChange& change) noexcept
        : GridEvidence(grid), document_(document), change_(change) {}

    [[nodiscard]] std::optional<std::string> data() const override {
        auto text = changed_text(document_, change_);
        if (!text) return std::nullopt;
        return *std::move(text);
    }

private:
    const Value& document_;
    const RecordChange& change_;
};

Write write_of(const std::string& name, RecordChange change) {
    using Kind = RecordChange::Kind;
    Write write{.kind = Write::Kind::put, .name = name};
    switch (change.kind) {
        case Kind::whole: write.json = std::move(change.json); break;
        case Kind::set:
            write.kind = Write::Kind::patch;
            write.pointer = std::move(change.pointer);
            write.json = std::move(change.json);
            break;
        case Kind::take_away:
            write.kind = Write::Kind::json_patch;
            write.json = removal_of(change.pointer);
            break;
        case Kind::nothing:
            write.kind = Write::Kind::json_patch;
            write.json = "[]";
            break;
    }
    return write;
}

WriteRefusal bad_data(const Error& error) { return {WriteRefusal::Kind::bad_data, error}; }

WriteRefusal not_updated(const Error& error) { return {WriteRefusal::Kind::not_updated, error}; }

std::optional<WriteRefusal> check_right(const Requester& requester, Action right,
                                        const std::string& name, const Evidence& evidence) {
    const Decision decision = decide(requester, right, name, evidence);
    if (decision.is_allowed) return std::nullopt;
    return WriteRefusal{WriteRefusal::Kind::denied, {}, decision.has_failed};
}

bool looks_at_documents(const Requester& requester, const RecordOrder& order) {
    const Permissions& permissions = *requester.permissions;
    return permissions.looks_at_documents(order.right(), order.name) ||
           permissions.looks_at_data(order.right(), order.name);
}

std::string data_of(const RecordOrder& order) {
    return std::string(order.data.value_or(std::string_view()));
}

Result<RecordChange> change_of(const RecordOrder& order, const Value& document) {
    if (order.action == RecordAction::patch_multi) return apply_patches(document, data_of(order));
    if (order.path.empty()) {
        return RecordChange{RecordChange::Kind::whole, {}, data_of(order), false};
    }
    if (!order.data) return erase_path(document, order.path);
    return set_path(document, order.path, *order.data);
}

/// Plans a write to a record that does not exist: the record is created empty, as version 0, and
/// the written document is version 1.
WritePlan plan_first_write(const RecordOrder& order, const Value& empty,
                           const RecordChange& change) {
    if (order.is_bound() && order.version != 1) return not_updated(Error(Errc::not_found));
    auto json = changed_text(empty, change);
    if (!json) return bad_data(json.error());
    Write write{.kind = Write::Kind::put, .name = order.name, .json = *std::move(json)};
    write.begins_empty = true;
    write.options.condition = Condition::is_absent();
    return write;
}

WritePlan plan_from_record(GridAccess& grid, const Requester& requester, const RecordOrder& order) {
    const auto record = grid.reader().get(order.name);
    if (!record && (record.error() != Errc::not_found || !order.creates())) {
        return is_bad_data(record.error().code) ? bad_data(record.error())
                                                : not_updated(record.error());
    }
    static const Bytes empty = document_from_json("{}").value();
    const Value document = record ? record->document() : Value::of(empty);
    auto change = change_of(order, document);
    if (!change) return bad_data(change.error());
    if (order.creates()) {
        const GridEvidence evidence(grid);
        auto refusal = check_right(requester, Action::create, order.name, evidence);
        if (refusal) return *std::move(refusal);
    }
    const ChangeEvidence evidence(grid, document, *change);
    auto refusal = check_right(requester, order.right(), order.name, evidence);
    if (refusal) return *std::move(refusal);
    if (!record) return plan_first_write(order, document, *change);
    const bool is_for_this = change->is_bound || looks_at_documents(requester, order);
    Write write = write_of(order.name, *std::move(change));
    write.options.condition = order.condition();
    if (is_for_this) {
        const bool is_another = order.is_bound() &&
                                write.options.condition.kind == Condition::Kind::version &&
                                write.options.condition.expected != record->version();
        // A decision about one version does not apply to another version.
        write.options.condition = is_another ? Condition::revision_is(~Revision{0})
                                             : Condition::version_is(record->version());
        if (order.is_bound() && order.version == 0) write.options.condition = order.condition();
    }
    return write;
}

}  // namespace

RecordAction RecordOrder::part() const noexcept {
    switch (action) {
        case RecordAction::create_and_update: return RecordAction::update;
        case RecordAction::create_and_patch: return RecordAction::patch;
        default: return action;
    }
}

/// No record has a version below 0.
Condition RecordOrder::condition() const noexcept {
    if (version == any_version) return {};
    if (version == 0) return Condition::revision_is(~Revision{0});
    return Condition::version_is(static_cast<Version>(version));
}

bool RecordOrder::complete(std::optional<std::string_view> path_text) {
    if (name.empty() || version < any_version) return false;
    const std::string_view text = data.value_or(std::string_view());
    if (action == RecordAction::patch_multi) return may_be_container(text);
    if (path_text) {
        auto tokens = parse_path(*path_text);
        if (!tokens || (action != RecordAction::erase && text.empty())) return false;
        path = *std::move(tokens);
        return true;
    }
    return part() == RecordAction::update && may_be_container(text);
}

WritePlan plan_write(GridAccess& grid, const Requester& requester, const RecordOrder& order) {
    if (order.is_computed() || looks_at_documents(requester, order)) {
        return plan_from_record(grid, requester, order);
    }
    const GridEvidence evidence(grid);
    auto refusal = check_right(requester, order.right(), order.name, evidence);
    if (refusal) return *std::move(refusal);
    Write write{.kind = Write::Kind::put, .name = order.name, .json = data_of(order)};
    write.options.condition = order.condition();
    return write;
}

bool is_overtaken(const Error& error) noexcept {
    return error == Errc::condition_failed || error == Errc::not_found ||
           error == Errc::path_not_found;
}

bool fits_now(GridAccess& grid, const RecordOrder& order) {
    if (!order.is_bound()) return true;
    const auto record = grid.reader().get(order.name);
    const Version there = record ? record->version() : 0;
    const bool fits = record && there == static_cast<Version>(order.version);
    return fits || (!record && order.creates() && order.version == 1);
}

bool is_bad_json(Errc code) noexcept { return code == Errc::bad_json || code == Errc::bad_utf8; }

bool is_bad_data(Errc code) noexcept {
    return is_bad_json(code) || code == Errc::duplicate_key || code == Errc::number_out_of_range ||
           code == Errc::too_deep || code == Errc::key_too_long ||
           code == Errc::document_too_large || code == Errc::bad_document ||
           code == Errc::bad_name || code == Errc::name_too_long || code == Errc::bad_pointer ||
           code == Errc::reserved_name;
}

}  // namespace ringside::gateway::deepstream
