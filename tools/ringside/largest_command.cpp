#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <queue>
#include <unordered_map>

#include "ringside/snapshot.hpp"
#include "shm/base/option_number.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/offline.hpp"
#include "tools/ringside/report.hpp"

namespace ringside::tools {

namespace {

struct LargestArguments {
    std::string pattern = "**";
    std::size_t count = 20;
    std::size_t levels = 0;  ///< 0: single records
    bool is_json = false;
};

struct Sized {
    std::uint64_t bytes = 0;
    std::uint64_t records = 0;
    std::string name;
};

bool is_larger(const Sized& a, const Sized& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.name < b.name;
}

/// Keeps the `count` largest of many, in memory for `count`.
class Largest {
public:
    explicit Largest(std::size_t count) : count_(count) {}

    void add(Sized one) {
        if (kept_.size() == count_) {
            if (!is_larger(one, kept_.top())) return;
            kept_.pop();
        }
        kept_.push(std::move(one));
    }

    [[nodiscard]] std::vector<Sized> sorted() && {
        std::vector<Sized> all;
        for (; !kept_.empty(); kept_.pop()) all.push_back(kept_.top());
        std::reverse(all.begin(), all.end());
        return all;
    }

private:
    struct LastIsLargest {
        bool operator()(const Sized& a, const Sized& b) const { return is_larger(a, b); }
    };
    const std::size_t count_;
    std::priority_queue<Sized, std::vector<Sized>, LastIsLargest> kept_;
};

/// Returns the first `levels` levels of a name, with the slash behind them if more levels follow.
std::string_view prefix_of(std::string_view name, std::size_t levels) {
    std::size_t end = 0;
    for (; levels > 0; --levels) {
        end = name.find('/', end);
        if (end == std::string_view::npos) return name;
        ++end;
    }
    return name.substr(0, end);
}

void print_largest(const Context& context, const LargestArguments& arguments) {
    const Client client = attach_to_read(context);
    const Snapshot snapshot = client.snapshot({.lease = std::chrono::hours(1)}).value();
    Sized total;
    Largest largest(arguments.count);
    std::unordered_map<std::string, Sized> prefixes;
    DocumentBuilder builder;
    snapshot
        .scan(arguments.pattern,
              [&](const RecordView& record) {
                  const std::uint64_t bytes = record.encode(builder).value().size();
                  total.bytes += bytes;
                  ++total.records;
                  if (arguments.levels == 0) {
                      largest.add({bytes, 1, std::string(record.name())});
                      return true;
                  }
                  Sized& one = prefixes[std::string(prefix_of(record.name(), arguments.levels))];
                  one.bytes += bytes;
                  ++one.records;
                  return true;
              })
        .value();
    snapshot.check().value();
    for (auto& [name, one] : prefixes) {
        one.name = name;
        largest.add(std::move(one));
    }

    std::vector<std::vector<Report::Cell>> rows;
    for (const Sized& one : std::move(largest).sorted()) {
        rows.push_back(
            {one.bytes, one.records, arguments.is_json ? one.name : name_line(one.name)});
    }
    Report report(arguments.is_json);
    report.section("documents");
    report.fact("records", total.records);
    report.fact("bytes", total.bytes, "encoded, without names and the grid's own structures");
    report.table("largest", {"bytes", "records", "name"}, rows);
    report.print();
}

}  // namespace

void add_largest_command(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<LargestArguments>();
    CLI::App* command = app.add_subcommand(
        "largest", "Show the largest records, or the name prefixes with the most bytes");
    command->add_option("pattern", arguments->pattern, "Glob pattern: * one level, ** any levels");
    command->add_option("-n,--count", arguments->count, "Number of rows")
        ->check(whole_number(1, 10'000))
        ->capture_default_str();
    command->add_option("--levels", arguments->levels, "Sum up by the first N levels of the names")
        ->check(whole_number(1, 64));
    command->add_flag("--json", arguments->is_json, "Print one JSON object");
    add_offline_flag(*command, context);
    command->footer("Example: ringside largest --levels 2 'event/**'");
    command->callback([&context, arguments] { print_largest(context, *arguments); });
}

}  // namespace ringside::tools
