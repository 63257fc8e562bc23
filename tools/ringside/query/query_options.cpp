#include "tools/ringside/query/query_options.hpp"

#include <CLI/CLI.hpp>
#include <sstream>

#include "shm/base/option_number.hpp"

namespace ringside::tools {

void QueryOptions::add_to(CLI::App& command) {
    command
        .add_option("-t,--table", tables,
                    "Declare a table: 'seats=event/*/seat/*(event:1, status, price INTEGER)'; a "
                    "number is a level of the name, from 0; repeatable")
        ->allow_extra_args(false);  // the statement follows
    command.add_option("--tables", tables_file, "File of table declarations, one per line");
    command.add_option("--limit", row_limit, "Maximum number of rows")
        ->check(whole_number())
        ->capture_default_str();
    command.add_option("--timeout", time_limit, "Time limit of a query: 500ms, 30s, 5m")
        ->capture_default_str();
    command.add_option("--lease", lease, "Lease of the snapshot: maximum time it is held")
        ->capture_default_str();
    command.add_option("--at", at, "Revision to read, if still retained (default: the newest)")
        ->check(whole_number());
}

std::vector<std::string> QueryOptions::declared_tables() const {
    std::vector<std::string> all = tables;
    if (tables_file.empty()) return all;
    for (std::string& table : read_tables(tables_file)) all.push_back(std::move(table));
    return all;
}

sql::Database QueryOptions::open(const Client& client) const {
    sql::Options options;
    options.tables = declared_tables();
    options.time_limit = parse_duration("--timeout", time_limit, Errc::bad_usage);
    options.row_limit = row_limit;
    const auto lease_time = parse_duration("--lease", lease, Errc::bad_usage);
    Snapshot snapshot = client.snapshot({.revision = at, .lease = lease_time}).value();
    return sql::Database::open(std::move(snapshot), options).value();
}

std::vector<std::string> read_tables(const std::string& path) {
    std::istringstream text(read_file(path));
    std::vector<std::string> tables;
    for (std::string line; std::getline(text, line);) {
        const std::size_t begin = line.find_first_not_of(" \t\r");
        if (begin != std::string::npos && line[begin] != '#') tables.push_back(line);
    }
    return tables;
}

}  // namespace ringside::tools
