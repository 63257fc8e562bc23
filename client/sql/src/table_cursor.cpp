#include "table_cursor.hpp"

#include "document_handle.hpp"
#include "field_condition.hpp"
#include "shm/name/name.hpp"

namespace ringside::sql {

namespace {

/// Texts that lie in the segment stay where they are as long as the snapshot; `made` does not.
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

}  // namespace

TableCursor::TableCursor(Session& session, const TableSpec& table)
    : sqlite3_vtab_cursor{}, session_(session), table_(table) {
    readers_.reserve(table.columns.size());
    for (const ColumnSpec& column : table.columns) readers_.emplace_back(column);
}

void TableCursor::rewind() {
    cursor_.reset();
    grouping_.reset();
    batch_ = {};
    at_ = 0;
    is_record_known_ = false;
    is_at_end_ = true;
}

Result<void> TableCursor::filter(const Access& access, std::span<sqlite3_value*> values) {
    rewind();
    Scope scope(table_.pattern);
    Predicate predicate;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const Condition& condition = access.conditions[i];
        scope.narrow(condition, values[i]);
        if (!is_of_field(condition.how)) continue;
        predicate =
            predicate && predicate_of(table_.columns[condition.level], condition, values[i]);
    }
    if (!session_.snapshot) return take_handed(std::move(scope));
    if (scope.is_empty()) return {};
    if (scope.name()) return find_one(*scope.name(), scope.pattern());
    auto cursor = session_.snapshot->cursor(scope.pattern(), predicate, scope.range());
    if (!cursor && cursor.error() == Errc::bad_pattern) return {};  // no name has such a level
    if (!cursor) return cursor.error();
    is_at_end_ = false;
    if (access.groups.empty()) {
        cursor_.emplace(*std::move(cursor));
    } else {
        grouping_.emplace(session_, table_, access.groups);
        if (auto filled = grouping_->fill(*std::move(cursor)); !filled) return filled;
    }
    return next();
}

/// Without a snapshot there is nothing to look up: SQLite checks all conditions itself.
Result<void> TableCursor::take_handed(Scope scope) {
    if (session_.handed == nullptr) {
        session_.asked.push_back(std::move(scope));
        return {};
    }
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
    if (cursor_) return next_in_batch();
    is_at_end_ = true;
    return {};
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
    is_record_known_ = true;
    return one_;
}

sqlite3_int64 TableCursor::row_id() noexcept {
    if (!session_.snapshot) return 0;
    return static_cast<sqlite3_int64>(session_.snapshot->mark(record()));
}

void TableCursor::give_column(sqlite3_context* context, std::size_t column) {
    const bool is_document = table_.columns[column].source == ColumnSource::document;
    if (is_document && session_.gives_handles) return give_handle(context, record());
    if (grouping_) {
        // Of the group, and so of the row: the record need not be loaded.
        if (const auto common = grouping_->common(column)) {
            text_ = common->as_string().value_or("");
            return give(context, common->is_string() ? Scalar::string(text_) : *common, text_);
        }
    }
    give(context, readers_[column](record(), text_), text_);
}

}  // namespace ringside::sql
