#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include "tests/fuzz/support/input.hpp"
#include "tools/gateway/grid/preconditions.hpp"
#include "tools/gateway/http/gzip.hpp"
#include "tools/gateway/rest/parameters.hpp"
#include "tools/gateway/rest/watch_parameters.hpp"

/// A request of HTTP as bytes: whatever it is, it is read within its limits or refused, and what is
/// made of its target and headers can be written and read again as the same.
using namespace ringside;
using namespace ringside::gateway;
using fuzz::require;

namespace {

constexpr std::uint32_t header_bytes = 2048;
constexpr std::uint64_t body_bytes = 1024;

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
    const auto conditions = Preconditions::parse(request.header(http::field::if_match),
                                                 request.header(http::field::if_none_match));
    if (!conditions) require(conditions.error().status == 400, "a condition that is none");
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
    http::request_parser<http::string_body> parser;
    parser.eager(true);
    parser.header_limit(header_bytes);
    parser.body_limit(body_bytes);
    std::size_t used = 0;
    error_code failed;
    while (used < bytes.size() && !parser.is_done() && !failed) {
        used += parser.put(asio::buffer(bytes.data() + used, bytes.size() - used), failed);
    }
    require(parser.get().body().size() <= body_bytes, "a body keeps to its limit");
    if (!parser.is_header_done()) return 0;
    Request request;
    request.message = parser.release();
    check_target(request);
    check_headers(request);
    return 0;
}
