#include "tools/gateway/rest/query.hpp"

#include <fmt/format.h>

#include "ringside/sql.hpp"
#include "tools/gateway/rest/departure.hpp"
#include "tools/gateway/rest/parameters.hpp"
#include "tools/support/row_text.hpp"

namespace ringside::gateway {

namespace {

/// What a query's answer may have, so that one query does not take the gateway's memory.
constexpr std::size_t answer_bytes_max = 64U << 20;
constexpr std::uint64_t rows_default = 10'000;
/// From the request to its answer, the wait for a thread included; the caller may ask for less.
constexpr std::chrono::milliseconds query_time_max{30'000};

enum class Format : std::uint8_t { json, csv, lines };

struct Question {
    std::string text;
    sql::Options options;
    std::optional<Revision> revision;
    Format format = Format::json;
    std::chrono::steady_clock::time_point deadline;
};

Format format_of(std::string_view accept) noexcept {
    if (accept.starts_with("text/csv")) return Format::csv;
    if (accept.starts_with("application/x-ndjson")) return Format::lines;
    return Format::json;
}

std::string_view type_of(Format format) noexcept {
    switch (format) {
        case Format::csv: return "text/csv; charset=utf-8; header=present";
        case Format::lines: return "application/x-ndjson";
        case Format::json: break;
    }
    return "application/json";
}

Outcome<Question> question_of(const Request& request) {
    const auto document = Document::parse(request.body());
    if (!document) return Problem::of(document.error());
    const Value root = document->root();
    Question question;
    question.format = format_of(request.header(http::field::accept));
    const auto text = text_member(root, "sql");
    if (!text) return text.error();
    question.text = *text;
    const auto limit = number_member(root, "limit");
    if (!limit) return limit.error();
    question.options.row_limit = limit->value_or(rows_default);
    const auto revision = number_member(root, "revision");
    if (!revision) return revision.error();
    question.revision = *revision;
    const auto timeout = number_member(root, "timeout_ms");
    if (!timeout) return timeout.error();
    const auto time_max = static_cast<std::uint64_t>(query_time_max.count());
    if (*timeout && (**timeout == 0 || **timeout > time_max)) {
        return Problem{400, "bad_timeout",
                       fmt::format("'timeout_ms' must be from 1 to {}", time_max)};
    }
    question.deadline =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout->value_or(time_max));
    const Value tables = root["tables"];
    if (tables.exists() && !tables.is_array()) return bad_request("'tables' must be a list");
    if (tables.exists()) {
        for (const Value table : tables.elements()) {
            const auto declaration = table.as_string();
            if (!declaration) return bad_request("'tables' must be a list of strings");
            question.options.tables.emplace_back(*declaration);
        }
    }
    return question;
}

/// Writes rows in one of the formats.
class AnswerText {
public:
    AnswerText(Format format, Revision revision, std::span<const std::string> columns)
        : format_(format), objects_(columns) {
        if (format_ == Format::csv) text_ = tools::csv_line(columns) + "\r\n";
        if (format_ != Format::json) return;
        text_ = fmt::format(R"({{"revision":{},"columns":[)", revision);
        for (const std::string& column : columns) {
            if (&column != columns.data()) text_ += ',';
            append_json_string(column, text_);
        }
        text_ += R"(],"rows":[)";
    }

    void add(sql::Row row) {
        switch (format_) {
            case Format::csv: text_ += tools::csv_line(row) + "\r\n"; return;
            case Format::lines: text_ += objects_.of(row) + "\n"; return;
            case Format::json: break;
        }
        if (std::exchange(has_rows_, true)) text_ += ',';
        text_ += '[';
        for (const sql::Cell& cell : row) {
            if (&cell != row.data()) text_ += ',';
            text_ += tools::json_text(cell);
        }
        text_ += ']';
    }
    [[nodiscard]] std::size_t bytes() const noexcept { return text_.size(); }
    [[nodiscard]] std::string finish() && {
        if (format_ == Format::json) text_ += "]}";
        return std::move(text_);
    }

private:
    const Format format_;
    tools::JsonObjects objects_;
    std::string text_;
    bool has_rows_ = false;
};

/// `gone`: is given when nobody waits for the answer any longer.
Outcome<std::string> answer(Client& client, const Question& question, StopSignal& gone) {
    if (gone.is_stopped()) return Problem::of(Error(Errc::query_interrupted));
    sql::Options options = question.options;
    options.time_limit = std::chrono::ceil<std::chrono::milliseconds>(
        question.deadline - std::chrono::steady_clock::now());
    if (options.time_limit <= std::chrono::milliseconds(0)) {
        return Problem::of(Error(Errc::query_timed_out, "other queries came first"));
    }
    auto snapshot =
        client.snapshot({.revision = question.revision, .lease = 2 * options.time_limit});
    if (!snapshot) return Problem::of(snapshot.error());
    auto database = sql::Database::open(*std::move(snapshot), options);
    if (!database) return Problem::of(database.error());
    const StopSignal::Interrupt interrupt(gone, [&] { database->interrupt(); });
    auto statement = database->query(question.text);
    if (!statement) {
        Problem problem = Problem::of(statement.error());
        if (const auto offset = database->error_offset()) {
            problem.detail += " (" + sql::place_in(question.text, *offset) + ")";
        }
        return problem;
    }
    AnswerText text(question.format, database->revision(), statement->columns());
    for (;;) {
        const auto row = statement->next();
        if (!row) return Problem::of(row.error());
        if (!*row) break;
        text.add(**row);
        if (text.bytes() > answer_bytes_max) {
            return Problem::of(Error(Errc::query_too_large, "bytes of the answer"));
        }
    }
    return std::move(text).finish();
}

}  // namespace

Task<Response> handle_query(Operations& operations, const Request& request,
                            const Requester& requester) {
    if (request.method() != http::verb::post) co_return other_method(request, "POST, OPTIONS");
    ++operations.figures().queries;
    // What a statement reads is known when it has been read.
    if (auto problem = requester.refuse_unless_all(Action::read)) co_return Response::of(*problem);
    auto question = question_of(request);
    if (!question) co_return Response::of(question.error());
    const std::string_view type = type_of(question->format);
    WorkPool& pool = operations.grid().queries();
    if (auto problem = pool.refuse(requester.account())) co_return Response::of(*problem);
    const Departure departure(request);
    auto task = [&client = operations.grid().client(), question = *std::move(question),
                 gone = departure.signal()] { return answer(client, question, *gone); };
    auto answered = co_await pool.run(requester.account(), std::move(task));
    if (!answered) co_return Response::of(answered.error());
    Response response = Response::json(*std::move(answered));
    response.content_type = type;
    co_return response;
}

}  // namespace ringside::gateway
