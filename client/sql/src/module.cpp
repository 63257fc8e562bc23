#include "module.hpp"

#include <cstring>
#include <memory>
#include <new>
#include <string>

#include "connection.hpp"
#include "planner.hpp"
#include "table_cursor.hpp"

namespace ringside::sql {

namespace {

/// SQLite's view of a table.
struct VirtualTable : sqlite3_vtab {
    Session* session = nullptr;
    int number = 0;
    /// The cursor of the last statement. A live query opens one for each record, and the readers of
    /// a reused cursor remember where keys were found.
    std::unique_ptr<TableCursor> spare{};

    [[nodiscard]] const TableSpec& spec() const noexcept {
        return session->tables[static_cast<std::size_t>(number)];
    }
};

VirtualTable& table_of(sqlite3_vtab* table) { return *static_cast<VirtualTable*>(table); }
VirtualTable& table_of(sqlite3_vtab_cursor* cursor) { return table_of(cursor->pVtab); }
TableCursor& cursor_of(sqlite3_vtab_cursor* cursor) { return *static_cast<TableCursor*>(cursor); }

/// Wraps code that may throw, because SQLite is written in C. The guard reports a failure.
template <class Step>
int guarded(Session& session, Step step) {
    try {
        const Result<void> done = step();
        if (done) return SQLITE_OK;
        session.guard.fail(done.error());
        return SQLITE_ERROR;
    } catch (const std::bad_alloc&) {
        return SQLITE_NOMEM;
    } catch (const Exception& failure) {
        session.guard.fail(failure.error());
        return SQLITE_ERROR;
    }
}

int connect(sqlite3* connection, void* session, int, const char* const* arguments,
            sqlite3_vtab** made, char**) {
    auto* table = new (std::nothrow) VirtualTable();
    if (table == nullptr) return SQLITE_NOMEM;
    table->session = static_cast<Session*>(session);
    table->number = std::atoi(arguments[3]);
    const int status = sqlite3_declare_vtab(connection, table->spec().schema().c_str());
    if (status != SQLITE_OK) {
        delete table;
        return status;
    }
    table->session->virtual_tables.push_back(table);
    *made = table;
    return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
    delete &table_of(table);
    return SQLITE_OK;
}

int best_index(sqlite3_vtab* table, sqlite3_index_info* info) {
    VirtualTable& self = table_of(table);
    try {
        return plan(self.spec(), self.number, *self.session, *info);
    } catch (const std::bad_alloc&) {
        return SQLITE_NOMEM;
    }
}

int open_cursor(sqlite3_vtab* table, sqlite3_vtab_cursor** made) {
    VirtualTable& self = table_of(table);
    return guarded(*self.session, [&]() -> Result<void> {
        *made = self.spare ? self.spare.release() : new TableCursor(*self.session, self.spec());
        return {};
    });
}

int close_cursor(sqlite3_vtab_cursor* cursor) {
    std::unique_ptr<TableCursor> closed(&cursor_of(cursor));
    closed->rewind();
    table_of(cursor).spare = std::move(closed);
    return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* cursor, int, const char* access, int count,
           sqlite3_value** values) {
    Session& session = *table_of(cursor).session;
    return guarded(session, [&]() -> Result<void> {
        const std::string_view text = access == nullptr ? "" : access;
        return cursor_of(cursor).filter(Access::decode(text),
                                        {values, static_cast<std::size_t>(count)});
    });
}

int next(sqlite3_vtab_cursor* cursor) {
    return guarded(*table_of(cursor).session, [&] { return cursor_of(cursor).next(); });
}

int is_at_end(sqlite3_vtab_cursor* cursor) { return cursor_of(cursor).is_at_end() ? 1 : 0; }

int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int number) {
    return guarded(*table_of(cursor).session, [&]() -> Result<void> {
        cursor_of(cursor).give_column(context, static_cast<std::size_t>(number));
        return {};
    });
}

int row_id(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
    *id = cursor_of(cursor).row_id();
    return SQLITE_OK;
}

sqlite3_module make_module() noexcept {
    sqlite3_module module{};
    module.iVersion = 1;
    module.xCreate = connect;
    module.xConnect = connect;
    module.xBestIndex = best_index;
    module.xDisconnect = disconnect;
    module.xDestroy = disconnect;
    module.xOpen = open_cursor;
    module.xClose = close_cursor;
    module.xFilter = filter;
    module.xNext = next;
    module.xEof = is_at_end;
    module.xColumn = column;
    module.xRowid = row_id;
    return module;
}

}  // namespace

Result<void> add_tables(sqlite3* connection, Session& session) {
    static const sqlite3_module module = make_module();
    sqlite3_create_module_v2(connection, "ringside", &module, &session, nullptr);
    for (std::size_t number = 0; number < session.tables.size(); ++number) {
        const std::string& name = session.tables[number].name;
        auto made = execute(connection, "CREATE VIRTUAL TABLE " + quoted_name(name) +
                                            " USING ringside(" + std::to_string(number) + ")");
        if (!made) return Error(made.error().code, "table '" + name + "': " + made.error().detail);
    }
    return {};
}

}  // namespace ringside::sql
