#include "tools/gateway/rest/query.hpp"

#include <fmt/format.h>

#include <boost/beast/core/string.hpp>
#include <tuple>

#include "ringside/sql.hpp"
#include "tools/gateway/http/weighted_list.hpp"
#include "tools/gateway/rest/departure.hpp"
#include "tools/gateway/rest/parameters.hpp"
#include "tools/support/row_text.hpp"

namespace ringside::gateway {

namespace {

/// Limit of a query's result, so that one query cannot use up the gateway's memory.
constexpr std::size_t answer_bytes_max = 64U << 20;
constexpr std::uint64_t rows_default = 10'000;
/// From request to response, including the wait for a thread. The caller may ask for less.
constexpr std::chrono::milliseconds query_time_max{30'000};

enum class Format : std::uint8_t { json, csv, lines };

struct Question {
    std::string text;
    sql::Options options;
    std::optional<Revision> revision;
    Format format = Format::json;
    std::chrono::steady_clock::time_point deadline;
};

/// How strongly a client prefers a media type, by the most specific range that includes it
/// (RFC 9110, 12.5.1).
struct Wish {
    int exactness = 0;  ///< 0: in no range, 1: `*/*`, 2: `text/*`, 3: the type itself
    int weight = 0;
    std::size_t place = 0;  ///< of the range in the list
};

Wish wish_for(std::string_view type, const std::vector<Weighted>& ranges) {
    const auto is_same = [](std::string_view left, std::string_view right) {
        return boost::beast::iequals({left.data(), left.size()}, {right.data(), right.size()});
    };
    const std::string any_subtype = std::string(type.substr(0, type.find('/') + 1)) + "*";
    Wish wish;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        const std::string_view range = ranges[i].value;
        const int exactness = is_same(range, type)          ? 3
                              : is_same(range, any_subtype) ? 2
                              : range == "*/*"              ? 1
                                                            : 0;
        if (exactness > wish.exactness) wish = {exactness, ranges[i].weight, i};
    }
    return wish;
}

/// The format with the highest weight. Among equals the most specific range decides, then the order
/// of the list. JSON if none is acceptable.
Format format_of(const Request& request) {
    const auto list = request.list(http::field::accept);
    if (!list) return Format::json;
    const auto ranges = weighted_list(*list);
    Format best = Format::json;
    Wish best_wish = wish_for("application/json", ranges);
    for (const auto& [format, type] :
         {std::pair(Format::csv, "text/csv"), std::pair(Format::lines, "application/x-ndjson")}) {
        const Wish wish = wish_for(type, ranges);
        const auto rank = [](const Wish& of) {
            return std::tuple(of.weight, of.exactness, -static_cast<std::ptrdiff_t>(of.place));
        };
        if (wish.weight == 0 || rank(wish) <= rank(best_wish)) continue;
        best = format;
        best_wish = wish;
    }
    return best;
}

std::string_view type_of(Format format) noexcept {
    switch (format) {
        case Format::csv: return "text/csv; charset=utf-8; header=present";
        case Format::lines: return "application/x-ndjson";
        case Format::json: break;
    }
    return "application/json";
}

Outcome<Format> format_named(const std::string& name) {
    if (name == "json") return Format::json;
    if (name == "csv") return Format::csv;
    if (name == "jsonl") return Format::lines;
    return Problem{400, "bad_parameter", "'format' must be json, csv or jsonl"};
}

constexpr auto query_time_max_ms = static_cast<std::uint64_t>(query_time_max.count());

std::chrono::steady_clock::time_point deadline_after(std::optional<std::uint64_t> timeout_ms) {
    return std::chrono::steady_clock::now() +
           std::chrono::milliseconds(timeout_ms.value_or(query_time_max_ms));
}

/// The query of a GET, as its parameters.
Outcome<Question> question_in_parameters(const Request& request) {
    constexpr std::string_view table = "table";
    if (auto problem = check_parameters(
            request, {"sql", "format", "revision", "limit", "timeout_ms"}, table)) {
        return *std::move(problem);
    }
    Question question;
    const std::string* text = request.parameters.find("sql");
    if (text == nullptr) return Problem{400, "bad_parameter", "'sql' is missing"};
    question.text = *text;
    question.format = format_of(request);
    if (const std::string* name = request.parameters.find("format")) {
        const auto format = format_named(*name);
        if (!format) return format.error();
        question.format = *format;
    }
    constexpr std::uint64_t max = ~std::uint64_t{0};
    const auto revision = number_parameter(request, "revision", 0, max);
    if (!revision) return revision.error();
    question.revision = *revision;
    const auto limit = number_parameter(request, "limit", 0, max);
    if (!limit) return limit.error();
    question.options.row_limit = limit->value_or(rows_default);
    const auto timeout = number_parameter(request, "timeout_ms", 1, query_time_max_ms);
    if (!timeout) return timeout.error();
    question.deadline = deadline_after(*timeout);
    for (const auto& [name, value] : request.parameters.pairs()) {
        if (name == table) question.options.tables.push_back(value);
    }
    return question;
}

/// The query of a POST, as its document.
Outcome<Question> question_in_body(const Request& request) {
    if (auto problem = check_parameters(request, {})) return *std::move(problem);
    const auto document = Document::parse(request.body());
    if (!document) return Problem::of(document.error());
    const Value root = document->root();
    if (const auto checked =
            check_members(root, {"sql", "tables", "revision", "limit", "timeout_ms"});
        !checked) {
        return checked.error();
    }
    Question question;
    question.format = format_of(request);
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
    if (*timeout && (**timeout == 0 || **timeout > query_time_max_ms)) {
        return Problem{400, "bad_timeout",
                       fmt::format("'timeout_ms' must be from 1 to {}", query_time_max_ms)};
    }
    question.deadline = deadline_after(*timeout);
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

/// `gone` is given when the result is no longer needed.
Outcome<std::string> answer(Client& client, const Question& question, StopSignal& gone) {
    if (gone.is_stopped()) return Problem::of(Error(Errc::query_interrupted));
    sql::Options options = question.options;
    options.time_limit = std::chrono::ceil<std::chrono::milliseconds>(
        question.deadline - std::chrono::steady_clock::now());
    if (options.time_limit <= std::chrono::milliseconds(0)) {
        return Problem::of(Error(Errc::query_timed_out, "no thread was free in time"));
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
            return Problem::of(
                Error(Errc::query_too_large, "result exceeds the maximum size of an answer"));
        }
    }
    return std::move(text).finish();
}

}  // namespace

Task<Response> handle_query(Operations& operations, const Request& request,
                            const Requester& requester) {
    const bool is_post = request.method() == http::verb::post;
    if (!is_post && !request.is_read()) {
        co_return other_method(request, "GET, HEAD, POST, OPTIONS");
    }
    ++operations.figures().queries;
    // The tables that a statement reads are known after parsing.
    if (auto problem = requester.refuse_unless_all(Action::read)) co_return Response::of(*problem);
    auto question = is_post ? question_in_body(request) : question_in_parameters(request);
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
    response.vary = "Accept";
    if (!is_post) response.add("Cache-Control", "no-cache");
    co_return response;
}

}  // namespace ringside::gateway
