#include "live_row.hpp"

#include <cmath>

#include "document_use.hpp"

namespace ringside::sql {

namespace {

struct FreeValue {
    void operator()(sqlite3_value* value) const noexcept { sqlite3_value_free(value); }
};

/// Ends a run of a statement, so that nothing in it refers to the record.
class Run {
public:
    Run(Session& session, sqlite3_stmt* statement, const RecordView& record)
        : session_(session), statement_(statement) {
        session_.handed = &record;
    }
    ~Run() {
        sqlite3_reset(statement_);
        session_.handed = nullptr;
    }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

private:
    Session& session_;
    sqlite3_stmt* statement_;
};

}  // namespace

LiveRow::LiveRow(std::unique_ptr<Database::Impl> database, PreparedStatement prepared,
                 LiveShape shape)
    : database_(std::move(database)),
      prepared_(std::move(prepared)),
      shape_(std::move(shape)),
      value_count_(shape_.is_grouped
                       ? shape_.key_count + shape_.is_summed.size()
                       : static_cast<std::size_t>(sqlite3_column_count(prepared_.get()))),
      gives_handles_(document_use(prepared_.get(), database_->session) == DocumentUse::in_place) {}

Result<bool> LiveRow::operator()(const RecordView& record, std::vector<OwnedScalar>& row) {
    Session& session = database_->session;
    session.guard.begin(std::nullopt);
    session.gives_handles = gives_handles_;
    const Run run(session, prepared_.get(), record);
    const int status = sqlite3_step(prepared_.get());
    if (status == SQLITE_DONE) return false;
    if (status != SQLITE_ROW) return failure_of(prepared_.get(), status, session.guard);
    if (auto taken = take(row); !taken) return taken.error();
    return true;
}

Result<void> LiveRow::take(std::vector<OwnedScalar>& row) {
    for (std::size_t i = 0; i < value_count_; ++i) {
        const bool is_summed =
            shape_.is_grouped && i >= shape_.key_count && shape_.is_summed[i - shape_.key_count];
        auto value = is_summed ? summand_of(static_cast<int>(i)) : value_of(static_cast<int>(i));
        if (!value) return value.error();
        row.push_back(*std::move(value));
    }
    return {};
}

Result<OwnedScalar> LiveRow::value_of(int column) const {
    sqlite3_stmt* statement = prepared_.get();
    switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER: return Scalar::integer(sqlite3_column_int64(statement, column));
        case SQLITE_FLOAT: return Scalar::real(sqlite3_column_double(statement, column));
        case SQLITE_TEXT: {
            const auto* text =
                reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
            if (text == nullptr) return Error(Errc::query_too_large, "memory");
            return Scalar::string(
                {text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column))});
        }
        case SQLITE_BLOB: return Error(Errc::bad_query, "a live query cannot return a BLOB");
        default: return OwnedScalar();
    }
}

/// Returns the value that SQLite's sum would add.
Result<OwnedScalar> LiveRow::summand_of(int column) const {
    const int type = sqlite3_column_type(prepared_.get(), column);
    auto number = type == SQLITE_TEXT || type == SQLITE_BLOB ? [&]() -> Result<OwnedScalar> {
        const std::unique_ptr<sqlite3_value, FreeValue> copy(
            sqlite3_value_dup(sqlite3_column_value(prepared_.get(), column)));
        if (copy == nullptr) return Error(Errc::query_too_large, "memory");
        if (sqlite3_value_numeric_type(copy.get()) == SQLITE_INTEGER)
            return Scalar::integer(sqlite3_value_int64(copy.get()));
        return Scalar::real(sqlite3_value_double(copy.get()));
    }()
        : value_of(column);
    if (number && number->view().type() == ScalarType::real &&
        !std::isfinite(*number->view().as_double())) {
        return Error(Errc::bad_query, "a sum of a live query is infinite");
    }
    return number;
}

}  // namespace ringside::sql
