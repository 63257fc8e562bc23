#include "column_lookup.hpp"

#include <algorithm>
#include <charconv>
#include <memory>
#include <string_view>

namespace ringside::sql {

namespace {

struct FreeTextCopy {
    void operator()(sqlite3_value* value) const noexcept { sqlite3_value_free(value); }
};

enum class TextKind { plain, integer, other_number };

/// Accepts a superset of the texts that SQLite converts to a number.
TextKind kind_of_text(std::string_view text, std::int64_t& integer) noexcept {
    constexpr std::string_view number_starts = "0123456789+-. \t\n\v\f\r";
    if (text.empty() || number_starts.find(text.front()) == std::string_view::npos) {
        return TextKind::plain;
    }
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), integer);
    const bool is_integer = failed == std::errc() && end == text.data() + text.size();
    return is_integer ? TextKind::integer : TextKind::other_number;
}

}  // namespace

ColumnLookup::ColumnLookup(Session& session, const ColumnSpec& column)
    : session_(session),
      reader_(column),
      has_texts_(column.type == ColumnType::any || column.type == ColumnType::text) {}

ColumnLookup::~ColumnLookup() { session_.guard.give_back(charged_); }

Result<void> ColumnLookup::fill(RecordCursor cursor) {
    std::string text;
    for (;;) {
        auto batch = cursor.next();
        if (!batch) return batch.error();
        if (batch->empty()) break;
        for (const RecordView& record : *batch) {
            const auto place = static_cast<Place>(rows_.size());
            rows_.push_back(session_.snapshot->handle(record));
            add(reader_(record, text), place);
        }
        if (auto charged = charge(); !charged) return charged;
    }
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
        return a.hash != b.hash ? a.hash < b.hash : a.place < b.place;
    });
    return {};
}

/// A NULL equals nothing.
void ColumnLookup::add(const Scalar& value, Place place) {
    if (value.is_null()) return;
    entries_.push_back({value.hash(), place});
    const auto text = value.as_string();
    if (!text) return;
    std::int64_t integer = 0;
    switch (kind_of_text(*text, integer)) {
        case TextKind::plain: break;
        case TextKind::integer: entries_.push_back({Scalar::integer(integer).hash(), place}); break;
        case TextKind::other_number: other_numbers_.push_back(place); break;
    }
}

Result<void> ColumnLookup::charge() {
    const std::size_t bytes = rows_.capacity() * sizeof(RecordHandle) +
                              entries_.capacity() * sizeof(Entry) +
                              other_numbers_.capacity() * sizeof(Place);
    if (bytes <= charged_) return {};
    const bool may_go_on = session_.guard.take(bytes - charged_);
    charged_ = bytes;
    if (!may_go_on) return *session_.guard.failure();
    return {};
}

void ColumnLookup::find(Operand operand, sqlite3_value* value, std::vector<RecordHandle>& found) {
    places_.clear();
    found.clear();
    const int type = sqlite3_value_type(value);
    if (type == SQLITE_INTEGER || type == SQLITE_FLOAT) find_number(value);
    if (type == SQLITE_TEXT) {
        find_text(value);
        // SQLite converts the value if the column is numeric, or if it comes from a numeric column.
        if (!has_texts_ || operand == Operand::mixed) find_number(value);
    }
    std::sort(places_.begin(), places_.end());
    places_.erase(std::unique(places_.begin(), places_.end()), places_.end());
    for (const Place place : places_) found.push_back(rows_[place]);
}

void ColumnLookup::find_number(sqlite3_value* value) {
    Number number{};
    if (!convert_to_number(value, number)) return;
    const Scalar scalar =
        number.is_integer ? Scalar::integer(number.integer) : Scalar::real(number.real);
    find_hash(scalar.hash());
    if (!has_texts_) return;
    // Either the text is converted to a number, or the number to a text.
    places_.insert(places_.end(), other_numbers_.begin(), other_numbers_.end());
    if (!number.is_integer) find_text(value);
}

void ColumnLookup::find_text(sqlite3_value* value) {
    const std::unique_ptr<sqlite3_value, FreeTextCopy> copy(sqlite3_value_dup(value));
    if (copy == nullptr) throw std::bad_alloc();
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(copy.get()));
    if (text == nullptr) throw std::bad_alloc();
    const auto size = static_cast<std::size_t>(sqlite3_value_bytes(copy.get()));
    find_hash(Scalar::string({text, size}).hash());
}

void ColumnLookup::find_hash(std::uint64_t hash) {
    const auto first = std::lower_bound(
        entries_.begin(), entries_.end(), hash,
        [](const Entry& entry, std::uint64_t wanted) { return entry.hash < wanted; });
    for (auto at = first; at != entries_.end() && at->hash == hash; ++at) {
        places_.push_back(at->place);
    }
}

}  // namespace ringside::sql
