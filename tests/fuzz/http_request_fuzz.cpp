#include "tests/fuzz/support/input.hpp"
#include "tools/gateway/grid/preconditions.hpp"
#include "tools/gateway/http/gzip.hpp"
#include "tools/gateway/http/request_reader.hpp"
#include "tools/gateway/rest/parameters.hpp"
#include "tools/gateway/rest/watch_parameters.hpp"

/// Bytes of an HTTP request are read within the limits or refused, with the same outcome however
/// they are split. Parsed targets and header fields are unchanged when written and read again.
using namespace ringside;
using namespace ringside::gateway;
using fuzz::require;

namespace {

constexpr RequestReader::Limits limits{.header_bytes = 2048, .body_bytes = 1024};

/// The state of reading.
struct Reading {
    std::size_t used = 0;
    unsigned refused = 0;  ///< the status; 0 if it was not refused
    bool is_done = false;
    Request request{};
};

/// Reads bytes that arrive in pieces of that size.
Reading read(std::string_view bytes, std::size_t piece_bytes) {
    RequestReader reader(limits);
    Reading reading;
    std::size_t come = 0;
    while (come < bytes.size() && !reader.is_done() && !reader.problem()) {
        come = std::min(come + piece_bytes, bytes.size());
        while (reading.used < come && !reader.is_done()) {
            const std::size_t used = reader.read(bytes.substr(reading.used, come - reading.used));
            reading.used += used;
            require(reading.used <= come, "no more is used than has come");
            if (used == 0) break;
        }
        require(come - reading.used <= limits.header_bytes + piece_bytes + 64,
                "what waits for more is bounded");
    }
    require(reader.message().body().size() <= limits.body_bytes, "a body keeps to its limit");
    reading.is_done = reader.is_done() && !reader.problem();
    if (reader.problem()) reading.refused = reader.problem()->status;
    if (reading.is_done) reading.request.message = reader.release();
    return reading;
}

void require_same(const Reading& left, const Reading& right) {
    require(left.is_done == right.is_done, "however it is cut, it is a request or none");
    // Which of two faults is found first may depend on the pieces.
    require((left.refused == 0) == (right.refused == 0), "or is refused");
    if (!left.is_done) return;
    require(left.used == right.used, "it ends at one place");
    require(left.request.body() == right.request.body(), "with one body");
}

void check_target(Request& request) {
    if (const auto problem = parse_target(request)) {
        require(problem->status == 400, "a target that is none is the client's fault");
        return;
    }
    for (const std::string& segment : request.segments) {
        if (segment.empty()) continue;  // no name, and "/" has no segment at all
        Request again;
        again.message.method(http::verb::get);
        again.message.target("/" + percent_encoded(segment));
        require(!parse_target(again), "what was encoded is a target");
        require(again.segments == std::vector{segment}, "of the same name");
    }
}

void check_headers(const Request& request) {
    const auto conditions = Preconditions::parse(request);
    if (!conditions) require(conditions.error().status == 400, "a condition that is none");
    else static_cast<void>(conditions->evaluate(RecordState{7, 1234, 1}));
    const auto last = Place::parse(request.header("Last-Event-ID"));
    if (last) {
        const auto again = Place::parse(last->text());
        require(again && again->revision == last->revision && again->boot_id == last->boot_id,
                "a place stays the same");
    }
    if (const auto watch = watch_request_of(request); !watch) {
        require(watch.error().status == 400, "a watch that is none");
    }
    Response response{.body = std::string(4096, 'x')};
    compress(request, response);
    require(response.body.size() == 4096 ||
                response.headers.find("Content-Encoding: gzip") != std::string::npos,
            "what is compressed says so");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes bytes = fuzz::copy_of({data, size});
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    Reading reading = read(text, std::max<std::size_t>(text.size(), 1));
    require_same(reading, read(text, 1));
    require_same(reading, read(text, 13));
    if (!reading.is_done) return 0;
    check_target(reading.request);
    check_headers(reading.request);
    return 0;
}
