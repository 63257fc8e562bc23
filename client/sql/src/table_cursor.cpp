#include "table_cursor.hpp"

#include <algorithm>

#include "document_handle.hpp"
#include "field_condition.hpp"
#include "shm/name/name.hpp"

namespace ringside::sql {

namespace {

/// Maximum number of IN values that narrow what is read; SQLite handles longer lists.
constexpr std::size_t listed_fields_max = 1000;
constexpr std::size_t listed_scopes_max = 100'000;

/// Texts in the segment remain in place as long as the snapshot; `made` does not.
void give(sqlite3_context* context, const Scalar& value, const std::string& made) {
    if (const auto number = value.as_int64()) return sqlite3_result_int64(context, *number);
    if (const auto text = value.as_string()) {
        const bool is_made = text->data() == made.data();
        return sqlite3_result_text64(context, text->data(), text->size(),
                                     is_made ? SQLITE_TRANSIENT : SQLITE_STATIC, SQLITE_UTF8);
    }
    if (const auto number = value.as_double()) return sqlite3_result_double(context, *number);
    sqlite3_result_null(context);
}

/// Appends a value so that different values have different texts.
void append_constant(sqlite3_value* value, std::string& key) {
    const int type = sqlite3_value_type(value);
    key += std::to_string(type) + ':';
    if (type == SQLITE_INTEGER) key += std::to_string(sqlite3_value_int64(value)) + ';';
    if (type == SQLITE_FLOAT) {
        const double number = sqlite3_value_double(value);
        key.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
    if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
        const void* bytes = sqlite3_value_blob(value);
        const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
        key += std::to_string(size) + ':';
        if (size > 0) key.append(static_cast<const char*>(bytes), size);
    }
}

/// Accesses with equal keys have the same lookup, whichever cursor and statement makes them.
std::string lookup_key(const TableSpec& table, const Access& access,
                       std::span<sqlite3_value*> values) {
    std::string key = table.name + '\0' + access.encode() + '\0';
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (access.conditions[i].operand == Operand::constant) append_constant(values[i], key);
    }
    return key;
}

}  // namespace

TableCursor::TableCursor(Session& session, const TableSpec& table)
    : sqlite3_vtab_cursor{}, session_(session), table_(table) {
    readers_.reserve(table.columns.size());
    for (const ColumnSpec& column : table.columns) readers_.emplace_back(column);
}

void TableCursor::rewind() {
    scopes_.clear();
    scope_at_ = 0;
    predicate_ = {};
    cursor_.reset();
    grouping_.reset();
    is_lookup_ = false;
    batch_ = {};
    at_ = 0;
    is_record_known_ = false;
    is_at_end_ = true;
}

const ColumnSpec& TableCursor::column_of(const Condition& condition) const {
    if (condition.how != Narrowing::level_is) return table_.columns[condition.level];
    return *std::find_if(table_.columns.begin(), table_.columns.end(),
                         [&](const ColumnSpec& column) { return column.level == condition.level; });
}

/// A level that is compared with a number narrows nothing, so its rows are looked up as well. All
/// other values must be the same whenever the access is repeated.
const Condition* TableCursor::lookup_of(const Access& access,
                                        std::span<sqlite3_value*> values) const {
    const Condition* found = nullptr;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const Condition& condition = access.conditions[i];
        if (condition.operand == Operand::constant) continue;
        const bool is_lookup =
            condition.how == Narrowing::looked_up ||
            (condition.how == Narrowing::level_is && condition.operand != Operand::listed &&
             !is_compared_as_text(condition.operand, values[i]));
        if (!is_lookup) return nullptr;
        if (found == nullptr) found = &condition;
    }
    return found;
}

void TableCursor::narrow(const Condition& condition, sqlite3_value* value) {
    for (Scope& scope : scopes_) scope.narrow(condition, value);
    if (!is_of_field(condition.how)) return;
    predicate_ = predicate_ && predicate_of(table_.columns[condition.level], condition, value);
}

/// If one value narrows nothing, the whole list does not.
void TableCursor::narrow_to_any(const Condition& condition, sqlite3_value* list) {
    const bool is_field = is_of_field(condition.how);
    std::vector<Scope> scopes;
    std::vector<OwnedScalar> equal;
    sqlite3_value* value = nullptr;
    for (int status = sqlite3_vtab_in_first(list, &value); status == SQLITE_OK && value != nullptr;
         status = sqlite3_vtab_in_next(list, &value)) {
        if (sqlite3_value_type(value) == SQLITE_NULL) continue;
        if (is_field) {
            const bool is_known = add_equal(table_.columns[condition.level], value, equal);
            if (!is_known || equal.size() > listed_fields_max) return;
        } else {
            if (!is_compared_as_text(condition.operand, value)) return;
            for (Scope scope : scopes_) {
                scope.narrow(condition, value);
                if (!scope.is_empty()) scopes.push_back(std::move(scope));
            }
            if (scopes.size() > listed_scopes_max) return;
        }
    }
    if (!is_field) {
        scopes_ = std::move(scopes);
        return;
    }
    const Field& field = table_.columns[condition.level].field;
    predicate_ = predicate_ && Predicate::any_of(field, std::move(equal));
}

Result<void> TableCursor::filter(const Access& access, std::span<sqlite3_value*> values) {
    rewind();
    scopes_.emplace_back(table_.pattern);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const Condition& condition = access.conditions[i];
        if (condition.operand == Operand::listed) narrow_to_any(condition, values[i]);
        else narrow(condition, values[i]);
    }
    if (!session_.snapshot) return take_handed();
    const Condition* const by = lookup_of(access, values);
    if (by != nullptr && !scopes_.front().is_empty()) {
        const auto [known, is_first] =
            session_.lookups.try_emplace(lookup_key(table_, access, values));
        // A lookup that is used once would cost more than it saves.
        if (!is_first) {
            return look_up(known->second, *by,
                           values[static_cast<std::size_t>(by - &access.conditions[0])]);
        }
    }
    return access.groups.empty() ? begin_scope() : group(access.groups);
}

Result<std::optional<RecordCursor>> TableCursor::records_of(const Scope& scope) const {
    auto cursor = session_.snapshot->cursor(scope.pattern(), predicate_, scope.range());
    if (!cursor && cursor.error() == Errc::bad_pattern) return std::optional<RecordCursor>();
    if (!cursor) return cursor.error();
    return std::optional<RecordCursor>(*std::move(cursor));
}

Result<void> TableCursor::group(const std::vector<GroupColumn>& columns) {
    grouping_.emplace(session_, table_, columns);
    for (const Scope& scope : scopes_) {
        if (scope.is_empty()) continue;
        auto records = records_of(scope);
        if (!records) return records.error();
        if (!*records) continue;
        if (auto filled = grouping_->fill(*std::move(*records)); !filled) return filled;
    }
    grouping_->sort();
    return next();
}

/// Moves to the first record of the next scope that is not empty.
Result<void> TableCursor::begin_scope() {
    cursor_.reset();
    is_record_known_ = false;
    is_at_end_ = true;
    while (is_at_end_ && scope_at_ < scopes_.size()) {
        const Scope& scope = scopes_[scope_at_++];
        if (scope.is_empty()) continue;
        if (scope.name()) {
            cursor_.reset();
            if (auto found = find_one(*scope.name(), scope.pattern()); !found) return found;
            continue;
        }
        auto records = records_of(scope);
        if (!records) return records.error();
        if (!*records) continue;
        cursor_.emplace(*std::move(*records));
        batch_ = {};
        at_ = 0;
        if (auto moved = next_in_batch(); !moved) return moved;
    }
    return {};
}

Result<void> TableCursor::look_up(std::shared_ptr<ColumnLookup>& lookup, const Condition& condition,
                                  sqlite3_value* value) {
    if (lookup == nullptr) {
        auto made = std::make_shared<ColumnLookup>(session_, column_of(condition));
        auto records = records_of(scopes_.front());
        if (!records) return records.error();
        if (*records) {
            if (auto filled = made->fill(*std::move(*records)); !filled) return filled;
        }
        lookup = std::move(made);
    }
    lookup->find(condition.operand, value, found_);
    is_lookup_ = true;
    is_at_end_ = found_.empty();
    at_ = 0;
    return {};
}

/// Without a snapshot there is nothing to look up: SQLite checks all conditions itself.
Result<void> TableCursor::take_handed() {
    if (session_.handed == nullptr) {
        session_.asked.push_back(scopes_.size() == 1 ? scopes_.front() : Scope(table_.pattern));
        return {};
    }
    scopes_.clear();
    one_ = *session_.handed;
    is_record_known_ = true;
    is_at_end_ = false;
    return {};
}

Result<void> TableCursor::find_one(const std::string& name, const std::string& pattern) {
    const auto parsed = Pattern::parse(pattern);
    if (!parsed || !check_name(name) || !parsed->matches(name)) return {};
    auto found = session_.snapshot->get(name);
    if (!found && found.error() == Errc::snapshot_expired) return found.error();
    if (!found) return {};
    one_ = *found;
    is_record_known_ = true;
    is_at_end_ = false;
    return {};
}

Result<void> TableCursor::next() {
    if (grouping_) {
        is_record_known_ = false;
        is_at_end_ = !grouping_->next();
        return {};
    }
    if (is_lookup_) {
        is_record_known_ = false;
        is_at_end_ = ++at_ >= found_.size();
        return {};
    }
    if (cursor_) {
        if (auto moved = next_in_batch(); !moved) return moved;
        if (!is_at_end_) return {};
    }
    return begin_scope();
}

Result<void> TableCursor::next_in_batch() {
    if (++at_ < batch_.size()) return {};
    auto batch = cursor_->next();
    if (!batch) return batch.error();
    batch_ = *batch;
    at_ = 0;
    is_at_end_ = batch_.empty();
    return {};
}

const RecordView& TableCursor::record() noexcept {
    if (cursor_) return batch_[at_];
    if (!is_record_known_ && grouping_) one_ = session_.snapshot->record(grouping_->current());
    if (!is_record_known_ && is_lookup_) one_ = session_.snapshot->record(found_[at_]);
    is_record_known_ = true;
    return one_;
}

sqlite3_int64 TableCursor::row_id() noexcept {
    if (!session_.snapshot) return 0;
    return static_cast<sqlite3_int64>(session_.snapshot->handle(record()));
}

void TableCursor::give_column(sqlite3_context* context, std::size_t column) {
    const bool is_document = table_.columns[column].source == ColumnSource::document;
    if (is_document && session_.gives_handles) return give_handle(context, record());
    if (grouping_) {
        // The value of the group is that of the row, so the record need not be loaded.
        if (const auto common = grouping_->common(column)) {
            text_ = common->as_string().value_or("");
            return give(context, common->is_string() ? Scalar::string(text_) : *common, text_);
        }
    }
    give(context, readers_[column](record(), text_), text_);
}

}  // namespace ringside::sql
