#include <memory>

#include "tools/ringside/context.hpp"

namespace ringside::tools {

namespace {

struct Arguments {
    std::string pattern;
    WatchOptions options;
    std::uint64_t from = 0;
    bool every = false;
    std::uint64_t count = 0;
    double timeout_s = 0;
};

void print_event(const WatchEvent& event, bool has_pointer) {
    std::string line = "{";
    append_member(line, "kind", name(event.kind));
    if (event.kind == WatchKind::lagged) {
        append_member(line, "missed", event.missed);
        append_member(line, "revision", event.resumes_at);
    } else {
        append_member(line, "name", event.record.name());
        append_member(line, "version", event.record.version());
        append_member(line, "revision", event.record.revision());
        if (event.record.document().exists())
            append_member(line, "document", event.record.document());
        const auto value = has_pointer ? event.value() : std::nullopt;
        if (value) append_member(line, "value", *value);
    }
    print_line(line + "}", true);
}

void watch(Context& context, const Arguments& arguments) {
    using Clock = std::chrono::steady_clock;
    catch_interrupts();
    const Client client = context.attach();
    Watch watch = client.watch(arguments.pattern, arguments.options).value();
    const auto deadline = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                             std::chrono::duration<double>(arguments.timeout_s));
    std::uint64_t printed = 0;
    while (!is_interrupted()) {
        auto event = watch.next(std::chrono::milliseconds(200));
        if (event) {
            print_event(*event, !arguments.options.pointer.empty());
            if (++printed == arguments.count) return;
        } else if (event.error().code != Errc::timed_out) {
            throw Exception(event.error());
        }
        if (arguments.timeout_s > 0 && Clock::now() >= deadline) {
            // What was asked for in number has not come in time.
            if (arguments.count > 0) context.status = ExitStatus::not_so;
            return;
        }
    }
}

}  // namespace

void add_watch_command(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<Arguments>();
    CLI::App* command =
        app.add_subcommand("watch", "Prints changes as they happen, a JSON line each");
    command->add_option("pattern", arguments->pattern, "Glob pattern: * one level, ** any levels")
        ->required();
    command->add_option("--pointer", arguments->options.pointer,
                        "Only changes of the value at this JSON Pointer; it is printed as `value`");
    auto* from =
        command->add_option("--from", arguments->from, "Begin with the changes of this revision");
    command->add_flag("--every", arguments->every,
                      "Every change; otherwise the newest state of each record");
    auto* initial = command->add_flag("--initial", arguments->options.initial,
                                      "First what is there, as kind `current`");
    from->excludes(initial);
    command->add_option("--count", arguments->count, "End after so many lines");
    command->add_option("--timeout", arguments->timeout_s, "End after so many seconds")
        ->check(CLI::NonNegativeNumber);
    command->footer("Example: ringside watch 'event/42/**' --pointer /status --count 10");
    command->callback([&context, arguments, from] {
        if (from->count() > 0) arguments->options.from = arguments->from;
        if (arguments->every) arguments->options.mode = WatchMode::every;
        watch(context, *arguments);
    });
}

}  // namespace ringside::tools
