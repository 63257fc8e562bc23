#include <utility>

#include "column_lookup.hpp"
#include "database_impl.hpp"

namespace ringside::sql {

namespace {

Cell cell_of(sqlite3_stmt* statement, int column) {
    switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER:
            return Cell(std::in_place_type<std::int64_t>, sqlite3_column_int64(statement, column));
        case SQLITE_FLOAT: return sqlite3_column_double(statement, column);
        case SQLITE_TEXT: {
            const auto* text =
                reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
            if (text == nullptr) return {};
            return std::string_view(
                text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
        }
        case SQLITE_BLOB: {
            const auto* bytes = static_cast<const Byte*>(sqlite3_column_blob(statement, column));
            return ByteView(bytes,
                            static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
        }
        default: return {};
    }
}

}  // namespace

Error failure_of(sqlite3_stmt* statement, int status, const Guard& guard) {
    const char* what = sqlite3_errmsg(sqlite3_db_handle(statement));
    if (guard.failure()) return *guard.failure();
    if (status == SQLITE_NOMEM) return Error(Errc::query_too_large, "memory");
    return Error(status == SQLITE_TOOBIG ? Errc::query_too_large : Errc::bad_query, what);
}

Statement::Impl::Impl(Session& session, PreparedStatement prepared,
                      std::optional<Guard::Clock::time_point> deadline, std::uint64_t row_limit,
                      bool gives_handles)
    : session_(session),
      prepared_(std::move(prepared)),
      deadline_(deadline),
      rows_left_(row_limit),
      gives_handles_(gives_handles) {
    const int count = sqlite3_column_count(prepared_.get());
    for (int i = 0; i < count; ++i) {
        const char* name = sqlite3_column_name(prepared_.get(), i);
        columns_.emplace_back(name == nullptr ? "" : name);
    }
    cells_.resize(columns_.size());
}

Result<std::optional<Row>> Statement::Impl::next() {
    if (failure_) return *failure_;
    if (is_at_end_) return std::optional<Row>();
    start_running();
    session_.guard.begin(deadline_);
    session_.gives_handles = gives_handles_;
    if (!session_.guard.may_go_on()) return fail(SQLITE_INTERRUPT);
    const int status = sqlite3_step(prepared_.get());
    if (status == SQLITE_ROW) return row();
    return status == SQLITE_DONE ? end() : fail(status);
}

Result<std::optional<Row>> Statement::Impl::row() {
    if (rows_left_ == 0) {
        // The rows before this one remain valid, so they must be checked.
        if (auto checked = session_.snapshot->check(); !checked) failure_ = checked.error();
        else failure_ = Error(Errc::query_too_large, "rows");
        return *failure_;
    }
    --rows_left_;
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        cells_[i] = cell_of(prepared_.get(), static_cast<int>(i));
    }
    return std::optional<Row>(cells_);
}

Result<std::optional<Row>> Statement::Impl::end() {
    is_at_end_ = true;
    stop_running();
    if (auto checked = session_.snapshot->check(); !checked) {
        failure_ = checked.error();
        return *failure_;
    }
    return std::optional<Row>();
}

Result<std::optional<Row>> Statement::Impl::fail(int status) {
    // Values in reused memory can fail in any way.
    auto checked = session_.snapshot->check();
    const bool is_spoilt = !session_.guard.failure() && !checked;
    failure_ = is_spoilt ? checked.error() : failure_of(prepared_.get(), status, session_.guard);
    sqlite3_reset(prepared_.get());
    stop_running();
    return *failure_;
}

void Statement::Impl::start_running() noexcept {
    if (!std::exchange(is_running_, true)) ++session_.running_statements;
}

void Statement::Impl::stop_running() noexcept {
    if (!std::exchange(is_running_, false)) return;
    if (--session_.running_statements == 0) session_.lookups.clear();
}

Statement::Statement(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Statement::Statement(Statement&&) noexcept = default;
Statement& Statement::operator=(Statement&&) noexcept = default;
Statement::~Statement() = default;

std::span<const std::string> Statement::columns() const noexcept { return impl_->columns(); }

Result<std::optional<Row>> Statement::next() { return impl_->next(); }

}  // namespace ringside::sql
