#include "tools/gateway/rest/messages.hpp"

#include <fmt/format.h>

#include <boost/beast/core/string.hpp>
#include <charconv>

#include "tools/gateway/rest/parameters.hpp"

namespace ringside::gateway {

namespace {

constexpr std::string_view only_post = "POST, OPTIONS";

Outcome<CallOptions> call_options_of(const Request& request) {
    CallOptions options;
    if (const auto text = request.header("Ringside-Timeout"); !text.empty()) {
        std::uint64_t ms = 0;
        const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), ms);
        if (failed != std::errc() || rest != text.data() + text.size() || ms == 0 ||
            ms > limits::call_ms_max) {
            return Problem{
                400, "bad_timeout",
                fmt::format("Ringside-Timeout must be from 1 to {} ms", limits::call_ms_max)};
        }
        options.timeout = std::chrono::milliseconds(ms);
    }
    const auto idempotent = request.header("Ringside-Idempotent");
    if (!idempotent.empty() && idempotent != "true" && idempotent != "false") {
        return Problem{400, "bad_parameter", "Ringside-Idempotent must be true or false"};
    }
    options.idempotent = idempotent == "true";
    return options;
}

}  // namespace

Task<Response> handle_transaction(Operations& operations, const Request& request,
                                  const Requester& requester) {
    if (request.method() != http::verb::post) co_return other_method(request, only_post);
    if (auto problem = check_parameters(request, {})) co_return Response::of(*problem);
    const auto document = Document::parse(request.body(), envelope_limits);
    if (!document) co_return Response::of(Problem::of(document.error()));
    if (const auto checked = check_members(document->root(), {"writes", "durable"}); !checked) {
        co_return Response::of(checked.error());
    }
    const auto durable = flag_member(document->root(), "durable");
    if (!durable) co_return Response::of(durable.error());
    const auto committed =
        co_await operations.commit(requester, document->root()["writes"], *durable);
    if (!committed) co_return Response::of(committed.error());
    co_return Response::json(fmt::format(R"({{"revision":{},"versions":[{}]}})",
                                         committed->revision, fmt::join(committed->versions, ",")));
}

Task<Response> handle_event(Operations& operations, Request& request, const Requester& requester,
                            const std::string& subject) {
    if (request.method() != http::verb::post) co_return other_method(request, only_post);
    if (auto problem = check_parameters(request, {})) co_return Response::of(*problem);
    Content content(std::move(request.message.body()));  // named, see GridAccess::work
    const auto told = co_await operations.publish(requester, subject, std::move(content));
    if (!told) co_return Response::of(told.error());
    co_return Response::json(fmt::format(R"({{"revision":{}}})", *told));
}

Task<Response> handle_call(Operations& operations, Request& request, const Requester& requester,
                           const std::string& name) {
    if (request.method() != http::verb::post) co_return other_method(request, only_post);
    if (auto problem = check_parameters(request, {})) co_return Response::of(*problem);
    const auto options = call_options_of(request);
    if (!options) co_return Response::of(options.error());
    Content content(std::move(request.message.body()));
    const auto answer = co_await operations.call(requester, name, std::move(content), *options);
    if (!answer) co_return Response::of(answer.error());
    if (!answer->is_failure) co_return Response::json(to_json(answer->document.root()));
    Problem failure{422, "call_failed", "the provider reported a failure"};
    failure.member = R"("failure":)" + to_json(answer->document.root());
    co_return Response::of(failure);
}

}  // namespace ringside::gateway
