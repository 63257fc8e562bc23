#include "tools/kafka/source/loader.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "shm/name/name.hpp"
#include "tools/kafka/attach.hpp"
#include "tools/kafka/backoff.hpp"
#include "tools/kafka/source/applier.hpp"
#include "tools/kafka/source/line_reader.hpp"

namespace ringside::kafka {

namespace {

using Clock = std::chrono::steady_clock;

/// A progress bar on a terminal.
class Progress {
public:
    explicit Progress(std::uint64_t bytes_total) : bytes_total_(bytes_total) {}
    ~Progress() { clear(); }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    void show(std::uint64_t bytes, std::uint64_t messages) {
        if (!is_shown_) return;
        constexpr int width = 40;
        const double share = bytes_total_ == 0 ? 1.0 : double(bytes) / double(bytes_total_);
        const int filled = int(std::min(1.0, share) * width);
        std::fprintf(stderr, "\r[%.*s%*s] %3d%%  %llu lines", filled,
                     "########################################", width - filled, "",
                     int(std::min(1.0, share) * 100), static_cast<unsigned long long>(messages));
    }
    void clear() const {
        if (is_shown_) std::fputs("\r\033[K", stderr);
    }

private:
    std::uint64_t bytes_total_;
    bool is_shown_ = isatty(STDERR_FILENO) == 1;
};

/// Reports refused lines on standard error, with line numbers from 1.
class Telling final : public Refusals {
public:
    explicit Telling(const Progress& progress) : progress_(&progress) {}
    Result<void> refuse(const MessageView& line, const Error& why) override {
        progress_->clear();
        fmt::print(stderr, "line {}: {}\n", line.offset + 1, why.text());
        return {};
    }

private:
    const Progress* progress_;
};

/// A load under way.
class Load {
public:
    Load(Client& client, const SourceOptions& options, const TopicOptions& topic,
         LineReader& reader, std::stop_token stop)
        : topic_(&topic),
          reader_(&reader),
          stop_(std::move(stop)),
          mapper_(topic.mapping),
          progress_(reader.bytes_total()),
          refusals_(progress_),
          applier_(client, applying(options), refusals_, counters_,
                   [this](const PartitionFeed& feed) { return reposition(feed); }) {}

    /// Returns false if a stop was requested.
    Result<bool> run(const std::string& name, const std::string& position) {
        const FeedPointer feed =
            applier_.open(name, 0, position, mapper_, topic_->mapping.needs_headers());
        if (feed->is_located) {
            if (auto at = reposition(*feed); !at) return at.error();
        }
        while (!stop_.stop_requested()) {
            auto line = reader_->next();
            if (!line) return line.error();
            if (*line == nullptr) break;
            if (auto taken = take(feed, *std::move(line)); !taken) return taken.error();
        }
        const bool is_whole = !stop_.stop_requested();
        for (;;) {
            if (is_whole) applier_.meet_end(feed, reader_->number());
            auto finished = settle();
            if (!finished) return finished.error();
            // The grid was recreated, and does not have all lines.
            if (!is_whole || stop_.stop_requested()) return false;
            auto line = reader_->next();
            if (!line) return line.error();
            if (*line == nullptr) return true;
            if (auto taken = take(feed, *std::move(line)); !taken) return taken.error();
        }
    }

    void print_summary(Clock::time_point begun) {
        progress_.clear();
        const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
        fmt::print(
            R"({{"lines":{},"writes":{},"filtered":{},"refused":{},"seconds":{:.3f},"rate":{:.0f}}})"
            "\n",
            counters_.messages, counters_.writes, counters_.filtered, counters_.dead_letters,
            seconds, seconds > 0 ? double(counters_.messages) / seconds : 0.0);
        std::fflush(stdout);
    }
    [[nodiscard]] bool has_refused() const noexcept { return counters_.dead_letters > 0; }

private:
    static ApplierOptions applying(const SourceOptions& options) {
        ApplierOptions made;
        made.batch_messages = std::size_t(options.batch_messages);
        made.batch_bytes = std::size_t(options.batch_bytes);
        made.grade = options.grade;
        return made;
    }

    Result<void> take(const FeedPointer& feed, std::unique_ptr<Line> line) {
        const auto failure = line->failure;
        KeptMessage message = LineReader::keep(std::move(line));
        if (failure) {
            static_cast<void>(refusals_.refuse(message.view(), *failure));
            message.mark_refused();
        }
        applier_.take(feed, std::move(message));
        if (applier_.is_full() || applier_.is_disturbed()) return settle();
        if (reader_->number() % 1024 == 0) progress_.show(reader_->bytes(), counters_.messages);
        return {};
    }

    Result<void> reposition(const PartitionFeed& feed) {
        auto resumed = resume(feed);
        if (!resumed) failure_ = resumed.error();
        return resumed;
    }
    /// Continues at the position. A position of another run may count the lines of another file.
    Result<void> resume(const PartitionFeed& feed) {
        if (run_ && feed.applied && feed.applied->run != run_) {
            return Error(Errc::condition_failed,
                         "position '" + feed.position_name +
                             "' was replaced, by another load or an operator; load the file again");
        }
        run_ = feed.run;
        return reader_->seek(feed.next);
    }

    /// Waits until everything is applied, and for the grid while it takes nothing. A requested stop
    /// is not an error.
    Result<void> settle() {
        Backoff backoff;
        for (Errc told = Errc::ok;;) {
            auto done = applier_.recover();
            if (done && !applier_.is_disturbed()) return {};
            if (applier_.failure()) return *applier_.failure();
            if (failure_) return *failure_;
            if (!done && done.error().code != told) {
                told = done.error().code;
                progress_.clear();
                spdlog::warn("waiting for the grid: {}", reason_of(done.error()));
            }
            for (backoff.fail(); !backoff.is_over();) {
                if (stop_.stop_requested()) return {};
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
            }
        }
    }

    const TopicOptions* topic_;
    LineReader* reader_;
    std::stop_token stop_;
    Mapper mapper_;
    Counters counters_;
    std::optional<Run> run_;        ///< of the lines read; none if the position was not read yet
    std::optional<Error> failure_;  ///< why reading cannot continue at the position
    Progress progress_;
    Telling refusals_;
    Applier applier_;
};

}  // namespace

Result<bool> load(const std::string& grid, const SourceOptions& options,
                  const LoadArguments& arguments, const std::stop_token& stop) {
    const TopicOptions* topic = options.topic(arguments.topic);
    if (topic == nullptr) {
        return Error(Errc::bad_configuration,
                     "no [[source.topic]] for topic '" + arguments.topic + "'");
    }
    const std::string name = std::filesystem::path(arguments.file).filename().string();
    const std::string position = position_name(options.group, name, 0);
    if (name.starts_with('@') || !check_name(position)) {
        return Error(Errc::bad_configuration,
                     "'" + name + "' cannot be part of a record name; rename the file");
    }
    auto reader = LineReader::open(arguments.file, arguments.topic, arguments.is_envelope);
    if (!reader) return reader.error();
    auto client = attach(grid, stop);
    if (!client) return client.error();
    if (arguments.is_restart) {
        if (auto restarted = restart_position(*client, position); !restarted) {
            return restarted.error();
        }
    }
    const auto begun = Clock::now();
    Load loading(*client, options, *topic, *reader, stop);
    auto is_whole = loading.run(name, position);
    if (!is_whole) return is_whole;
    loading.print_summary(begun);
    return *is_whole && !loading.has_refused();
}

}  // namespace ringside::kafka
