#include <CLI/CLI.hpp>
#include <memory>

#include "shm/base/option_number.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/writer_text.hpp"

namespace ringside::tools {

namespace {

/// The arguments of `watch` and of `subscribe`.
struct WatchArguments {
    std::string pattern;
    WatchOptions options;
    std::uint64_t from = 0;
    CLI::Option* from_option = nullptr;
    bool every = false;
    bool events = false;
    bool providers = false;
    std::uint64_t count = 0;
    double timeout_s = 0;

    [[nodiscard]] WatchOptions watch_options() const {
        WatchOptions all = options;
        if (from_option->count() > 0) all.from = from;
        if (every) all.mode = WatchMode::every;
        if (events) all.what = all.what | WatchFor::events;
        if (providers) all.what = all.what | WatchFor::providers;
        return all;
    }
};

bool is_of_a_record(WatchKind kind) noexcept {
    return kind != WatchKind::event && kind != WatchKind::provided && kind != WatchKind::unprovided;
}

/// Returns whether a process has caused the item: a change of a record, or an event.
bool has_writer(WatchKind kind) noexcept {
    return kind == WatchKind::put || kind == WatchKind::patch || kind == WatchKind::remove ||
           kind == WatchKind::expire || kind == WatchKind::event;
}

void print_event(const WatchEvent& event, bool has_pointer, KnownWriters& writers) {
    std::string line = "{";
    append_member(line, "kind", name(event.kind));
    if (event.kind == WatchKind::lagged) {
        append_member(line, "missed", event.missed);
        append_member(line, "revision", event.resumes_at);
    } else {
        append_member(line, "name", event.record.name());
        if (is_of_a_record(event.kind)) append_member(line, "version", event.record.version());
        append_member(line, "revision", event.record.revision());
        if (is_of_a_record(event.kind)) append_time(line, event.record.updated_ns());
        else append_time(line, event.time_ns);
        if (has_writer(event.kind)) append_writer(line, &writers.find(event.session));
        if (event.record.document().exists())
            append_member(line, "document", event.record.document());
        const auto value = has_pointer ? event.value() : std::nullopt;
        if (value) append_member(line, "value", *value);
    }
    print_data(line + "}", true);
}

void watch(Context& context, const WatchArguments& arguments) {
    using Clock = std::chrono::steady_clock;
    catch_interrupts();
    const Client client = context.attach();
    Watch watch = client.watch(arguments.pattern, arguments.watch_options()).value();
    const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                             std::chrono::duration<double>(arguments.timeout_s));
    KnownWriters writers(client);
    std::uint64_t printed = 0;
    while (!is_interrupted()) {
        auto event = watch.next(std::chrono::milliseconds(200));
        if (event) {
            if (event->kind == WatchKind::lagged) writers.clear();
            print_event(*event, !arguments.options.pointer.empty(), writers);
            if (++printed == arguments.count) return;
        } else if (event.error() != Errc::timed_out && event.error() != Errc::snapshot_expired) {
            throw Exception(event.error());
        }
        if (arguments.timeout_s > 0 && Clock::now() >= deadline) {
            // Fewer events than requested arrived in time.
            if (arguments.count > 0) context.status = ExitStatus::not_so;
            return;
        }
    }
}

/// Adds the options that both commands share. Runs `watch` for the selected command.
CLI::App* add_command(CLI::App& app, Context& context, const std::string& name,
                      const std::string& what, const std::shared_ptr<WatchArguments>& arguments) {
    CLI::App* command = app.add_subcommand(name, what);
    command
        ->add_option("pattern", arguments->pattern,
                     "Glob pattern: * matches within a level, ** any number of levels")
        ->required();
    arguments->from_option =
        command
            ->add_option("--from", arguments->from,
                         "Start with the changes of this revision, at most the newest plus one")
            ->check(whole_number());
    command->add_option("--count", arguments->count, "Exit after N lines")->check(whole_number(1));
    command->add_option("--timeout", arguments->timeout_s, "Exit after N seconds")
        ->check(decimal_number(0, 31'536'000));
    command->callback([&context, arguments] { watch(context, *arguments); });
    return command;
}

void add_watch(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<WatchArguments>();
    CLI::App* command = add_command(app, context, "watch",
                                    "Print changes as they happen, as JSON Lines", arguments);
    command->add_option("--pointer", arguments->options.pointer,
                        "Print only changes of the value at this JSON Pointer, as `value`");
    command->add_flag("--every", arguments->every,
                      "Print every change (default: the newest state of each record)");
    auto* initial = command->add_flag("--initial", arguments->options.initial,
                                      "Print the current records first, as kind `current`");
    arguments->from_option->excludes(initial);
    command->add_flag("--events", arguments->events, "Also print events, as kind `event`");
    command->add_flag(
        "--providers", arguments->providers,
        "Also print when a name gains or loses its provider, as kinds `provided` and `unprovided`");
    command->footer("Example: ringside watch 'event/42/**' --pointer /status --count 10");
}

void add_subscribe(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<WatchArguments>();
    arguments->options.what = WatchFor::events;
    CLI::App* command = add_command(app, context, "subscribe",
                                    "Print events as they are published, as JSON Lines", arguments);
    command->footer("Example: ringside subscribe 'gate/**'");
}

}  // namespace

void add_watch_commands(CLI::App& app, Context& context) {
    add_watch(app, context);
    add_subscribe(app, context);
}

}  // namespace ringside::tools
