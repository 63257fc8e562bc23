#include "tools/ringside/query/live_run.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <memory>
#include <optional>

#include "ringside/sql_live.hpp"
#include "tools/ringside/context.hpp"
#include "tools/ringside/query/row_format.hpp"
#include "tools/support/display_width.hpp"

namespace ringside::tools {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Interval of checks for interrupts, and of redraws of a table.
constexpr milliseconds interval{200};

const char* name_of(LiveChange::Kind kind) noexcept {
    switch (kind) {
        case LiveChange::Kind::added: return "added";
        case LiveChange::Kind::changed: return "changed";
        case LiveChange::Kind::removed: return "removed";
    }
    return "";
}

std::vector<sql::Cell> cells_of(Row row) {
    std::vector<sql::Cell> cells;
    for (const OwnedScalar& value : row) cells.push_back(sql::cell_of(value));
    return cells;
}

/// Shows a live query to the user.
class LiveWriter {
public:
    virtual ~LiveWriter() = default;
    /// The first result.
    virtual void begin(const LiveQuery& query) = 0;
    /// A change, either alone or with the others of its update.
    virtual void change(Revision revision, const LiveChange& change) = 0;
    /// There are no changes; called repeatedly.
    virtual void rest(const LiveQuery&) {}
    /// The end.
    virtual void end(const LiveQuery&) {}
};

class JsonLiveWriter : public LiveWriter {
public:
    void begin(const LiveQuery& query) override {
        const Rows rows = query.rows();
        objects_.emplace(rows.columns());
        for (const Row row : rows) line(rows.revision(), "added", row);
        std::string end = "{";
        append_member(end, "revision", rows.revision());
        append_member(end, "rows", rows.size());
        print_line(end + "}", true);
    }
    void change(Revision revision, const LiveChange& change) override {
        line(revision, name_of(change.kind), change.row);
        flush_output();
    }

private:
    void line(Revision revision, const char* kind, Row row) {
        std::string text = "{";
        append_member(text, "revision", revision);
        append_member(text, "change", kind);
        print_data(text + ",\"row\":" + objects_->of(cells_of(row)) + "}");
    }
    std::optional<JsonObjects> objects_;
};

class CsvLiveWriter : public LiveWriter {
public:
    void begin(const LiveQuery& query) override {
        const Rows rows = query.rows();
        std::vector<std::string> columns{"revision", "change"};
        columns.insert(columns.end(), rows.columns().begin(), rows.columns().end());
        writer_->begin(columns);
        for (const Row row : rows) line(rows.revision(), "added", row);
        flush_output();
    }
    void change(Revision revision, const LiveChange& change) override {
        line(revision, name_of(change.kind), change.row);
        flush_output();
    }

private:
    void line(Revision revision, const char* kind, Row row) {
        std::vector<sql::Cell> cells = cells_of(row);
        cells.insert(cells.begin(), {static_cast<std::int64_t>(revision), std::string_view(kind)});
        writer_->row(cells);
    }
    StandardRowOutput output_;
    std::unique_ptr<RowWriter> writer_ = make_row_writer("csv", output_, std::nullopt);
};

/// Prints the whole result each time, on a terminal in place of the last one.
class TableLiveWriter : public LiveWriter {
public:
    void begin(const LiveQuery& query) override { draw(query); }
    void change(Revision, const LiveChange&) override { is_due_ = true; }
    void rest(const LiveQuery& query) override {
        if (is_due_ && Clock::now() - drawn_ >= interval) draw(query);
    }
    void end(const LiveQuery& query) override {
        if (is_due_) draw(query);
    }

private:
    void draw(const LiveQuery& query) {
        const Rows rows = query.rows();
        TableText table(rows.columns());
        for (const Row row : rows) table.add(cells_of(row));
        std::vector<std::string> lines = table.lines();
        if (is_terminal_) clip(lines);
        lines.push_back(fmt::format("revision {}, rows {}", rows.revision(), rows.size()));
        std::string screen;
        if (is_terminal_ && height_ > 0) screen = fmt::format("\033[{}A\033[J", height_);
        for (const std::string& line : lines) screen += line + '\n';
        screen.pop_back();
        print_line(screen, true);
        height_ = lines.size();
        is_due_ = false;
        drawn_ = Clock::now();
    }
    /// Lines beyond the terminal's edges could not be overwritten.
    static void clip(std::vector<std::string>& lines) {
        winsize size{};
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row < 5) return;
        const std::size_t most = std::size_t{size.ws_row} - 3;  // room for a count and the revision
        if (lines.size() > most) {
            const std::size_t more = lines.size() - most;
            lines.resize(most);
            lines.push_back(fmt::format("… {} more", more));
        }
        if (size.ws_col == 0) return;
        for (std::string& line : lines) line = clip_to_width(line, size.ws_col);
    }

    const bool is_terminal_ = isatty(STDOUT_FILENO) == 1;
    bool is_due_ = false;
    std::size_t height_ = 0;
    Clock::time_point drawn_;
};

std::unique_ptr<LiveWriter> make_live_writer(const std::string& format) {
    if (format == "table") return std::make_unique<TableLiveWriter>();
    if (format == "csv") return std::make_unique<CsvLiveWriter>();
    return std::make_unique<JsonLiveWriter>();
}

}  // namespace

void run_live(const Client& client, LiveQuerySpec description, const std::string& format,
              std::uint64_t count) {
    catch_interrupts();
    LiveQuery query = client.live_query(std::move(description)).value();
    const auto writer = make_live_writer(format);
    writer->begin(query);
    std::uint64_t written = 0;
    while (!is_interrupted() && (count == 0 || written < count)) {
        const auto update = query.next(interval);
        if (!update && update.error() != Errc::timed_out) throw Exception(update.error());
        if (update) {
            for (const LiveChange& change : update->changes) {
                writer->change(update->revision, change);
                if (++written == count) break;
            }
        }
        writer->rest(query);
    }
    writer->end(query);
}

}  // namespace ringside::tools
