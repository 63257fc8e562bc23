#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <memory>

#include "shm/base/option_number.hpp"
#include "shm/name/name.hpp"
#include "shm/segment/segment.hpp"
#include "tools/ringside/context.hpp"
#include "tools/support/undo.hpp"
#include "tools/support/undo_plan.hpp"

namespace ringside::tools {

namespace {

struct UndoArguments {
    std::string pattern;
    Revision to = 0;
    std::optional<SessionId> session;
    bool is_dry_run = false;
    bool is_durable = false;
};

void print_step(const UndoStep& step) {
    std::string line = "{";
    append_member(line, "name", std::string_view(step.name));
    append_member(line, "action", std::string_view(step.removes ? "delete" : "put"));
    // The revision of a deletion is not in the plan.
    if (step.looked_at != 0) append_member(line, "changed_at", step.looked_at);
    print_data(line + "}");
}

/// Names the records that were changed by others and left unchanged, on standard error.
void report_conflicts(const std::vector<std::string>& names, const std::string& change) {
    constexpr std::size_t shown_max = 10;
    for (std::size_t i = 0; i < std::min(names.size(), shown_max); ++i) {
        complain(Error(Errc::condition_failed,
                       name_line(names[i]) + " was " + change + " and is left unchanged"));
    }
    if (names.size() <= shown_max) return;
    const std::size_t rest = names.size() - shown_max;
    const char* const form = rest == 1 ? "1 more record was {1} and is left unchanged"
                                       : "{0} more records were {1} and are left unchanged";
    complain(Error(Errc::condition_failed, fmt::format(fmt::runtime(form), rest, change)));
}

/// Opens the grid as it was. Throws ringside::Exception (compacted, future_revision).
Snapshot snapshot_then(const Client& client, Revision revision) {
    auto then = client.snapshot({.revision = revision, .lease = std::chrono::hours(1)});
    if (then) return *std::move(then);
    if (then.error() != Errc::compacted) throw Exception(then.error());
    const shm::Segment segment = shm::Segment::open(client.grid()).value();
    throw Exception(
        Error(Errc::compacted,
              fmt::format("revision {}; the oldest one is {}; nothing was changed", revision,
                          segment.header().horizon.horizon.load(std::memory_order_relaxed))));
}

void print_summary(const Undo& undo, std::size_t conflicts) {
    std::string line = "{";
    append_member(line, "restored", undo.restored);
    append_member(line, "deleted", undo.removed);
    append_member(line, "conflicts", std::uint64_t{conflicts});
    append_member(line, "transactions", undo.transactions);
    if (undo.transactions > 0) append_member(line, "revision", undo.revision);
    print_line(line + "}");
}

void run_undo(Context& context, const UndoArguments& arguments) {
    if (is_reserved(arguments.pattern)) {
        throw Exception(Error(Errc::reserved_name, arguments.pattern));
    }
    Client client = context.attach();
    const Snapshot before = snapshot_then(client, arguments.to);
    const Snapshot now = client.snapshot({.lease = std::chrono::hours(1)}).value();
    const UndoPlan plan =
        make_undo_plan(client, before, now, {arguments.pattern, arguments.session},
                       std::chrono::system_clock::now());
    if (arguments.is_dry_run) {
        for (const UndoStep& step : plan.steps) print_step(step);
    } else {
        Undo undo(client, before, TransactionLimits::of_grid(context.grid),
                  arguments.is_durable ? Grade::durable : Grade::applied);
        try {
            undo.run(plan.steps);
        } catch (...) {
            // Earlier transactions stay in effect.
            print_summary(undo, undo.conflicts.size() + plan.of_others.size());
            throw;
        }
        print_summary(undo, undo.conflicts.size() + plan.of_others.size());
        flush_output();
        report_conflicts(undo.conflicts, "changed meanwhile");
        if (!undo.conflicts.empty()) context.status = ExitStatus::not_so;
    }
    if (plan.of_others.empty()) return;
    flush_output();
    report_conflicts(plan.of_others, "also changed by other sessions");
    context.status = ExitStatus::not_so;
}

}  // namespace

void add_undo_command(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<UndoArguments>();
    CLI::App* command = app.add_subcommand(
        "undo", "Restore the records that match a pattern to their state at a revision");
    command->add_option("pattern", arguments->pattern, "Name of a record, or a glob pattern")
        ->required();
    command->add_option("--to", arguments->to, "Revision to restore; must still be retained")
        ->check(whole_number())
        ->required();
    command
        ->add_option("--session", arguments->session,
                     "Only records changed by this session alone since the revision")
        ->check(whole_number(1, std::numeric_limits<SessionId>::max()));
    command->add_flag("--dry-run", arguments->is_dry_run, "Print the writes, but write nothing");
    command->add_flag("--durable", arguments->is_durable, "Wait until the writes are on disk");
    command->footer(
        "Restores deleted records, deletes records that did not exist at the revision, and writes\n"
        "no others. Uses one transaction, or as few as the limit allows. A record that another\n"
        "client changes meanwhile is left unchanged, and the exit status is 1.\n"
        "`history NAME` shows revisions and sessions.\n"
        "Example: ringside undo 'event/42/**' --to 1832 --dry-run");
    command->callback([&context, arguments] { run_undo(context, *arguments); });
}

}  // namespace ringside::tools
