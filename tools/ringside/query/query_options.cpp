#include "tools/ringside/query/query_options.hpp"

#include <CLI/CLI.hpp>
#include <sstream>

namespace ringside::tools {

void QueryOptions::add_to(CLI::App& command) {
    command
        .add_option("-t,--table", tables,
                    "A table: 'seats=event/*/seat/*(event:1, status, price INTEGER)'; a number "
                    "is a level of the name, counted from 0; may be repeated")
        ->allow_extra_args(false);  // what follows is the statement
    command.add_option("--tables", tables_file, "A file of such tables, one a line");
    command.add_option("--limit", row_limit, "Rows of a query at most")->capture_default_str();
    command.add_option("--timeout", time_limit, "Time of a query at most: 500ms, 30s, 5m")
        ->capture_default_str();
    command.add_option("--lease", lease, "How long the snapshot is kept at most")
        ->capture_default_str();
    command.add_option("--at", at, "Revision to read, if it is still retained; else the newest");
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
