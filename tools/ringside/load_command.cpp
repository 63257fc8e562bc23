#include <unistd.h>
#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>

#include "tools/ringside/context.hpp"
#include "tools/ringside/name_template.hpp"

namespace ringside::tools {

namespace {

using Clock = std::chrono::steady_clock;

struct LoadArguments {
    std::string file;
    std::string name;
    bool merge = false;
};

/// Reads JSON Lines into the grid through a pipeline, and keeps count.
class Loader {
public:
    Loader(Client& client, const LoadArguments& arguments, std::uint64_t bytes)
        : arguments_(&arguments), bytes_total_(bytes) {
        if (!arguments.name.empty()) template_ = NameTemplate::parse(arguments.name).value();
        PipelineOptions options;
        options.on_reply = [this](std::uint64_t, const Result<WriteResult>& result) {
            const std::uint64_t line = lines_sent_.front();
            lines_sent_.pop_front();
            if (result) ++records_;
            else refuse(line, result.error());
        };
        pipeline_.emplace(client.pipeline(std::move(options)).value());
    }

    void line(const std::string& text) {
        ++line_number_;
        bytes_read_ += text.size() + 1;
        if (!text.empty() && text.find_first_not_of(" \t\r") != std::string::npos) {
            lines_sent_.push_back(line_number_);
            auto sent = send(text);
            if (!sent) {
                lines_sent_.pop_back();
                refuse(line_number_, sent.error());
                const Errc code = sent.error().code;
                if (code == Errc::connection_lost || code == Errc::session_closed ||
                    code == Errc::timed_out) {
                    throw Exception(sent.error());
                }
            }
        }
        if (line_number_ % 1024 == 0) show_progress();
    }

    /// Waits for the last answers and prints the summary. False: lines were refused.
    bool finish() {
        pipeline_->flush().value();
        pipeline_.reset();
        if (shows_progress_) std::fputs("\r\033[K", stderr);
        const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
        std::string summary = "{";
        append_member(summary, "records", records_);
        char numbers[64];
        std::snprintf(numbers, sizeof numbers, ",\"seconds\":%.3f,\"rate\":%.0f", seconds,
                      seconds > 0 ? static_cast<double>(records_) / seconds : 0.0);
        summary += numbers;
        append_member(summary, "refused", refused_);
        print_line(summary + "}");
        return refused_ == 0;
    }

private:
    Result<std::uint64_t> send(const std::string& text) {
        auto encoded = reader_.read(text, template_ ? DocumentLimits() : written_limits);
        if (!encoded) return encoded.error();
        const Value read = Value::of(*encoded);
        if (!template_) return send_dumped(read);
        auto name = template_->name_of(read);
        if (!name) return name.error();
        return send(*name, *encoded, {});
    }

    Result<std::uint64_t> send(std::string_view name, ByteView document,
                               const WriteOptions& options) {
        if (!arguments_->merge) return pipeline_->put_encoded(name, document, options);
        merge_.clear();
        if (auto added = merge_.merge_encoded(name, document, options); !added) {
            return added.error();
        }
        return pipeline_->commit(merge_);
    }

    /// A line as `dump` writes it: what is around a document, and the text, which may be longer
    /// than the one that the document came from, do not count towards the limits of a document.
    Result<std::uint64_t> send_dumped(const Value& line) {
        const auto name = line["name"].as_string();
        const Value document = line["document"];
        if (!name || !document.exists()) {
            return Error(Errc::bad_json,
                         "it has no name and document; --name says how to make a name");
        }
        WriteOptions options;
        options.ttl = std::chrono::milliseconds(line["ttl_ms"].as_int64().value_or(0));
        document_.clear();
        document_.value(document);
        const auto encoded = document_.finish();
        if (!encoded) return encoded.error();
        return send(*name, *encoded, options);
    }

    void refuse(std::uint64_t line, const Error& error) {
        ++refused_;
        if (shows_progress_) std::fputs("\r\033[K", stderr);
        std::cerr << "line " << line << ": " << error.text() << '\n';
    }

    void show_progress() const {
        if (!shows_progress_) return;
        constexpr int width = 40;
        const double share = bytes_total_ == 0
                                 ? 0.0
                                 : std::min(1.0, static_cast<double>(bytes_read_) /
                                                     static_cast<double>(bytes_total_));
        const int filled = static_cast<int>(share * width);
        std::fprintf(stderr, "\r[%.*s%*s] %3d%%  %llu records", filled,
                     "########################################", width - filled, "",
                     static_cast<int>(share * 100), static_cast<unsigned long long>(records_));
    }

    const LoadArguments* arguments_;
    std::optional<NameTemplate> template_;
    JsonReader reader_;
    DocumentBuilder document_;  ///< of a line of `dump`
    Transaction merge_;
    std::deque<std::uint64_t> lines_sent_;  ///< numbers of the lines whose answer is due
    std::optional<Pipeline> pipeline_;
    std::uint64_t line_number_ = 0;
    std::uint64_t records_ = 0;
    std::uint64_t refused_ = 0;
    std::uint64_t bytes_read_ = 0;
    std::uint64_t bytes_total_;
    bool shows_progress_ = isatty(STDERR_FILENO) == 1;
    Clock::time_point start_ = Clock::now();
};

void load(Context& context, const LoadArguments& arguments) {
    std::ifstream file;
    std::uint64_t bytes = 0;
    if (arguments.file != "-") {
        file.open(arguments.file, std::ios::ate | std::ios::binary);
        if (!file)
            throw Exception(Error(Errc::bad_configuration, arguments.file + " cannot be read"));
        bytes = static_cast<std::uint64_t>(file.tellg());
        file.seekg(0);
    }
    std::istream& input = arguments.file == "-" ? std::cin : file;
    Client client = context.attach();
    Loader loader(client, arguments, bytes);
    catch_interrupts();
    for (std::string text; !is_interrupted() && std::getline(input, text);) loader.line(text);
    if (!loader.finish()) context.status = ExitStatus::not_so;
}

}  // namespace

void add_load_command(CLI::App& app, Context& context) {
    auto arguments = std::make_shared<LoadArguments>();
    CLI::App* command = app.add_subcommand("load", "Writes the records of a file of JSON Lines");
    command->add_option("file", arguments->file, "The file, or - for standard input")->required();
    command->add_option("--name", arguments->name,
                        "How a record is named: text with dotted paths in braces; without it the "
                        "lines are those of `dump`");
    command->add_flag("--merge", arguments->merge, "Merge into records that are there (RFC 7396)");
    command->footer(
        "Refused lines are told on standard error, and the exit status is then 1.\n"
        "Example: ringside load quakes.jsonl --name 'quake/{properties.net}/{id}'");
    command->callback([&context, arguments] { load(context, *arguments); });
}

}  // namespace ringside::tools
