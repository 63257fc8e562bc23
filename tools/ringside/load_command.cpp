#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <memory>
#include <optional>

#include "tools/ringside/context.hpp"
#include "tools/ringside/load/record_source.hpp"
#include "tools/ringside/load/record_writer.hpp"
#include "tools/ringside/load/refusals.hpp"
#include "tools/ringside/name_template.hpp"
#include "tools/ringside/progress.hpp"

namespace ringside::tools {

namespace {

using Clock = std::chrono::steady_clock;

struct LoadArguments {
    std::string file;
    std::string name;
    std::string format;
    std::string delimiter = ",";
    std::string types;
    bool merge = false;
    bool is_dry_run = false;
    bool is_atomic = false;
};

/// Derives name, document and options from each record's text, and writes them.
class Loader {
public:
    Loader(Context& context, const LoadArguments& arguments) {
        if (!arguments.name.empty()) template_ = NameTemplate::parse(arguments.name).value();
        const auto on_refused = [this](std::uint64_t line, const Error& error) {
            refuse(line, error);
        };
        if (arguments.is_dry_run) writer_ = make_checking_writer();
        else if (arguments.is_atomic)
            writer_ = make_atomic_writer(context.attach(), arguments.merge);
        else writer_ = make_pipeline_writer(context.attach(), arguments.merge, on_refused);
    }

    void add(const InputRecord& record) {
        if (!record.json) return refuse(record.line, record.json.error());
        if (template_ && !template_->has_placeholder() && is_held_once(record)) return;
        write(record.line, *record.json);
    }

    /// Waits for the last answers.
    void finish() {
        if (held_) write(held_line_, *held_);
        held_.reset();
        writer_->finish(refusals_.count() > 0);
        progress_.clear();
        refusals_.print_rest();
    }

    [[nodiscard]] std::uint64_t refused() const noexcept { return refusals_.count(); }
    [[nodiscard]] std::uint64_t written() const { return writer_->count(); }

    void show_progress(const InputText& input) const {
        progress_.show(input.bytes_taken(), input.bytes_total(), writer_->count());
    }

private:
    /// Holds the first record of a template that gives all records one name: a second one is
    /// refused before anything is written.
    bool is_held_once(const InputRecord& record) {
        if (held_) {
            held_.reset();
            throw Exception(Error(Errc::bad_usage,
                                  "--name has no path in braces, so all records would get the same "
                                  "name and nothing was written; use for example prefix/{id}"));
        }
        held_ = std::string(*record.json);
        held_line_ = record.line;
        return true;
    }

    void write(std::uint64_t line, std::string_view json) {
        if (auto written = try_write(line, json); !written) refuse(line, written.error());
    }

    Result<void> try_write(std::uint64_t line, std::string_view json) {
        auto encoded = reader_.read(json, template_ ? DocumentLimits() : written_limits);
        if (!encoded) return encoded.error();
        const Value read = Value::of(*encoded);
        if (!template_) return write_dumped(line, read);
        auto name = template_->name_of(read);
        if (!name) return name.error();
        return writer_->write(line, *name, *encoded, {});
    }

    /// Writes a record in the format of `dump`. The wrapper, and the text, which may be longer than
    /// the original one, do not count towards the limits of a document.
    Result<void> write_dumped(std::uint64_t line, const Value& record) {
        const auto name = record["name"].as_string();
        const Value document = record["document"];
        if (!name || !document.exists()) {
            return Error(Errc::bad_input,
                         std::string(name ? "member \"document\" is missing"
                                          : "member \"name\" is missing or not a string") +
                             "; load the output of dump, or name the records with --name");
        }
        WriteOptions options;
        if (const Value ttl = record["ttl_ms"]; ttl.exists()) {
            options.ttl = std::chrono::milliseconds(ttl.as_int64().value_or(0));
            if (options.ttl.count() <= 0)
                return Error(Errc::bad_ttl, "\"ttl_ms\": " + to_json(ttl));
        }
        document_.clear();
        document_.value(document);
        const auto encoded = document_.finish();
        if (!encoded) return encoded.error();
        return writer_->write(line, *name, *encoded, options);
    }

    void refuse(std::uint64_t line, const Error& error) {
        progress_.clear();
        refusals_.add(line, error);
    }

    std::optional<NameTemplate> template_;
    JsonReader reader_;
    DocumentBuilder document_;  ///< for a record of `dump`
    std::optional<std::string> held_;
    std::uint64_t held_line_ = 0;
    Refusals refusals_;
    Progress progress_;
    std::unique_ptr<RecordWriter> writer_;  ///< last: its answers use the others
};

std::unique_ptr<RecordSource> make_source(const LoadArguments& arguments, InputText& input) {
    const std::string format =
        arguments.format.empty() ? detect_format(input, arguments.file).value() : arguments.format;
    if (format == "jsonl") return make_json_lines(input);
    if (format == "json") return make_json_values(input);
    if (arguments.name.empty()) {
        throw Exception(
            Error(Errc::bad_usage, "CSV needs --name; use for example --name row/{id}"));
    }
    const std::string delimiter = arguments.delimiter == "tab" ? "\t" : arguments.delimiter;
    if (delimiter.size() != 1 ||
        std::string_view("\"\r\n").find(delimiter[0]) != std::string::npos) {
        throw Exception(
            Error(Errc::bad_usage, "--delimiter: '" + arguments.delimiter +
                                       "' is not a delimiter; use one character, or tab"));
    }
    return make_csv_rows(input, {delimiter[0], arguments.types}).value();
}

void print_summary(const Loader& loader, Clock::time_point start, const LoadArguments& arguments) {
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    const double rate = seconds > 0 ? static_cast<double>(loader.written()) / seconds : 0.0;
    print_line(fmt::format(R"({{"records":{},"seconds":{:.3f},"rate":{:.0f},"refused":{}{}{}}})",
                           loader.written(), seconds, rate, loader.refused(),
                           arguments.is_dry_run ? R"(,"dry_run":true)" : "",
                           is_interrupted() ? R"(,"interrupted":true)" : ""));
}

void load(Context& context, const LoadArguments& arguments) {
    const Clock::time_point start = Clock::now();
    InputText input = InputText::open(arguments.file).value();
    const auto source = make_source(arguments, input);
    Loader loader(context, arguments);
    catch_interrupts();
    InputRecord record;
    std::optional<Error> failure;
    for (std::uint64_t count = 1; !is_interrupted(); ++count) {
        const auto is_there = source->next(record);
        if (!is_there) failure = is_there.error();
        if (!is_there || !*is_there) break;
        loader.add(record);
        if (count % Progress::interval_records == 0) loader.show_progress(input);
    }
    // An interrupted load writes nothing.
    if (arguments.is_atomic && is_interrupted()) {
        throw Exception(Error(Errc::timed_out, "interrupted; nothing was written"));
    }
    if (arguments.is_atomic && failure) throw Exception(*failure);
    loader.finish();
    print_summary(loader, start, arguments);
    if (loader.refused() > 0 || is_interrupted()) context.status = ExitStatus::not_so;
    if (failure) throw Exception(*failure);
}

}  // namespace

void add_load_command(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<LoadArguments>();
    CLI::App* command =
        app.add_subcommand("load", "Load records from a JSON Lines, JSON or CSV file");
    command->add_option("file", arguments->file, "File, or - for standard input")->required();
    command->add_option("--name", arguments->name,
                        "Name template with dotted paths in braces, such as quake/{id}; without "
                        "it, the file must be the output of `dump`");
    command
        ->add_option("--format", arguments->format,
                     "jsonl, json (an array, or multi-line values) or csv (default: from the "
                     "extension and content)")
        ->check(CLI::IsMember({"jsonl", "json", "csv"}));
    command->add_option(
        "--types", arguments->types,
        "Types of CSV columns, such as price:number,zip:string; a type is string, integer, number, "
        "boolean or json (default: numbers and booleans are recognized)");
    command->add_option("--delimiter", arguments->delimiter, "CSV delimiter: one character, or tab")
        ->capture_default_str();
    command->add_flag("--merge", arguments->merge, "Merge into existing records (RFC 7396)");
    auto* dry = command->add_flag("--dry-run", arguments->is_dry_run,
                                  "Check all records but write nothing; needs no grid");
    command
        ->add_flag("--atomic", arguments->is_atomic,
                   "Write all records in one transaction; if any is refused, write none")
        ->excludes(dry);
    command->footer(
        "If records are refused, prints the first ten refusals and the total to standard error,\n"
        "and exits with status 1. CSV needs a header line (RFC 4180); an empty field is null.\n"
        "Example: ringside load quakes.jsonl --name 'quake/{properties.net}/{id}'");
    command->callback([&context, arguments] { load(context, *arguments); });
}

}  // namespace ringside::tools
