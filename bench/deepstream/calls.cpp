#include <fmt/format.h>

#include "bench/deepstream/deepstream.hpp"
#include "bench/deepstream/digits.hpp"
#include "bench/deepstream/generator.hpp"
#include "bench/support/latencies.hpp"

namespace ringside::bench {

namespace {

constexpr std::size_t caller = 0;
constexpr std::size_t provider = 1;
constexpr int warm_up = 1'000;

void provide(Connection& connection, const std::string& name) {
    auto message = gateway::deepstream::rpc_message(RpcAction::provide);
    message.add_names(name);
    message.set_correlation_id("0");
    connection.ask(frame_to_send(message), Topic::rpc, RpcAction::provide);
}

/// Accepts a call, and returns its argument as the answer.
std::string answer(const Incoming& message) {
    message.expect(Topic::rpc, RpcAction::request);
    const auto envelope = gateway::deepstream::open_frame(message.payload);
    wire::RpcMessage request;
    if (!envelope || !request.ParseFromArray(envelope->message.data(),
                                             static_cast<int>(envelope->message.size()))) {
        message.refuse();
    }
    auto accept = gateway::deepstream::rpc_message(RpcAction::accept);
    accept.set_name(request.name());
    accept.set_correlation_id(request.correlation_id());
    auto response = gateway::deepstream::rpc_message(RpcAction::response);
    response.set_name(request.name());
    response.set_correlation_id(request.correlation_id());
    response.set_data(request.data());
    return frame_to_send(accept) + frame_to_send(response);
}

/// Returns the median time of one call at a time, in us.
double call_us(const Server& server, const std::string& name, int count) {
    Generator generator(server.port, 2);
    provide(generator[provider], name);
    auto request = gateway::deepstream::rpc_message(RpcAction::request);
    request.set_name(name);
    request.set_correlation_id(std::string(no_digits_of_id));
    request.set_data(R"({"seat":"A12","n":1})");
    std::string frame = frame_to_send(request);
    const std::size_t id_at = frame.find(no_digits_of_id);
    Latencies latencies;
    std::uint64_t id = 0;
    for (int i = -warm_up; i < count; ++i) {
        write_digits(frame, id_at, ++id);
        bool is_answered = false;
        const auto start = Clock::now();
        generator.send(caller, frame);
        generator.run(
            [&](std::size_t connection, const Incoming& message) {
                if (connection == provider) generator.send(provider, answer(message));
                else if (message.is(Topic::rpc, RpcAction::response)) is_answered = true;
                else message.expect(Topic::rpc, RpcAction::accept);
            },
            [&] { return is_answered; });
        if (i >= 0) latencies.add(ns_since(start));
    }
    return latencies.at(0.5) / 1000;
}

}  // namespace

void measure_calls(const Comparison& comparison) {
    const DeepstreamScale& scale = comparison.scale;
    std::vector<double> ours;
    std::vector<double> theirs;
    for (int i = 0; i < scale.rounds; ++i) {
        const std::string name = fmt::format("bench/call/{}", i);
        ours.push_back(call_us(comparison.ringside, name, scale.calls));
        theirs.push_back(call_us(comparison.upstream, name, scale.calls));
    }
    comparison.report.ratio("call and answer, caller and provider of the load generator, p50", ours,
                            "us", theirs, "deepstream", 0.8);
}

}  // namespace ringside::bench
