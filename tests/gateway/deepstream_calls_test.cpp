#include <signal.h>

#include <atomic>
#include <fstream>
#include <optional>

#include "tests/gateway/gateway_test.hpp"
#include "tests/gateway/native_call.hpp"
#include "tests/support/deepstream_client.hpp"
#include "tests/support/temporary_directory.hpp"

namespace ringside::testing {
namespace {

using namespace gateway::deepstream;

/// Calls of native clients, answered by a deepstream client.
class DeepstreamCalls : public GatewayTest {
protected:
    DeepstreamCalls() {
        const std::string path = directory_ / "gateway.toml";
        std::ofstream(path) << "[deepstream]\nheartbeat_interval_ms = 3600000\n"
                               "rpc_ack_timeout_ms = 1800000\nrpc_response_timeout_ms = 1800000\n";
        gateway_.stop();
        gateway_.set_options({"--config", path});
        gateway_.start();
    }

    /// Returns a client that provides 'pay'. The grid has registered it when it is acknowledged.
    std::unique_ptr<DeepstreamClient> provider() {
        auto client = std::make_unique<DeepstreamClient>(gateway_.port(), "provider");
        auto provide = rpc_message(RpcAction::provide);
        provide.add_names("pay");
        provide.set_correlation_id("1");
        client->send(provide);
        EXPECT_TRUE(client->receive<wire::RpcMessage>().is_ack());
        return client;
    }
    void call() { call_.emplace(attach(), "pay", "1"); }
    const std::string& outcome() { return call_->outcome(); }
    static wire::RpcMessage answer_to(const wire::RpcMessage& request, RpcAction action) {
        auto answer = rpc_message(action);
        answer.set_name(request.name());
        answer.set_correlation_id(request.correlation_id());
        return answer;
    }

    TemporaryDirectory directory_;
    std::optional<NativeCall> call_;
};

TEST_F(DeepstreamCalls, CallOfALeavingProviderIsNotCarriedOutAgain) {
    auto leaving = provider();
    call();
    const auto request = leaving->receive<wire::RpcMessage>();
    leaving->send(answer_to(request, RpcAction::accept));
    std::atomic<int> carried_out = 0;
    const Service other = count_calls(client_, "pay", carried_out);
    leaving.reset();
    EXPECT_EQ(outcome(), "provider_lost");
    EXPECT_EQ(carried_out, 0);
}

TEST_F(DeepstreamCalls, RejectedCallGoesToTheNextProvider) {
    auto rejecting = provider();
    call();
    const auto request = rejecting->receive<wire::RpcMessage>();
    const Service other =
        client_.provide("pay", [](Call& next) { next.answer("2").value(); }).value();
    rejecting->send(answer_to(request, RpcAction::reject));
    EXPECT_EQ(outcome(), "2");
}

TEST_F(DeepstreamCalls, ProviderIsAcknowledgedOnlyWhenTheGridKnowsIt) {
    DeepstreamClient client(gateway_.port(), "provider");
    auto provide = rpc_message(RpcAction::provide);
    provide.add_names("pay");
    provide.set_correlation_id("1");
    kill(grid_.broker(), SIGSTOP);
    client.send(provide);
    // The gateway refuses the second request without the broker.
    client.send(provide);
    const auto first = client.receive<wire::RpcMessage>();
    kill(grid_.broker(), SIGCONT);
    EXPECT_EQ(first.action(), static_cast<std::int32_t>(RpcAction::multiple_providers));
    EXPECT_TRUE(client.receive<wire::RpcMessage>().is_ack());
    EXPECT_TRUE(client.receive<wire::RpcMessage>().is_ack());
}

TEST_F(DeepstreamCalls, ListenerIsAcknowledgedOnlyWhenTheGridKnowsIt) {
    DeepstreamClient client(gateway_.port(), "listener");
    auto listen = event_message(EventAction::listen);
    listen.set_name("^seat/.*");
    auto refused = listen;
    refused.set_name("(");
    kill(grid_.broker(), SIGSTOP);
    for (int repeated = 0; repeated < 3; ++repeated) client.send(listen);
    client.send(refused);
    const auto first = client.receive<wire::EventMessage>();
    kill(grid_.broker(), SIGCONT);
    EXPECT_EQ(first.action(), static_cast<std::int32_t>(EventAction::invalid_listen_regex));
    EXPECT_TRUE(client.receive<wire::EventMessage>().is_ack());
    // Repeated requests that wait are answered once.
    client.send(refused);
    EXPECT_FALSE(client.receive<wire::EventMessage>().is_ack());
}

TEST_F(DeepstreamCalls, WithdrawnListenerDoesNotAcknowledgeTheNextOne) {
    DeepstreamClient client(gateway_.port(), "listener");
    auto listen = event_message(EventAction::listen);
    listen.set_name("^seat/.*");
    auto unlisten = event_message(EventAction::unlisten);
    unlisten.set_name("^seat/.*");
    auto refused = listen;
    refused.set_name("(");
    kill(grid_.broker(), SIGSTOP);
    client.send(listen);
    client.send(unlisten);
    client.send(listen);
    client.send(refused);
    const auto first = client.receive<wire::EventMessage>();
    const auto second = client.receive<wire::EventMessage>();
    kill(grid_.broker(), SIGCONT);
    EXPECT_EQ(first.action(), static_cast<std::int32_t>(EventAction::unlisten));
    EXPECT_EQ(second.action(), static_cast<std::int32_t>(EventAction::invalid_listen_regex));
    const auto third = client.receive<wire::EventMessage>();
    EXPECT_EQ(third.action(), static_cast<std::int32_t>(EventAction::listen));
    EXPECT_TRUE(third.is_ack());
}

TEST_F(DeepstreamCalls, AcceptanceOfAWithdrawnSubjectIsAnsweredByItsEnd) {
    DeepstreamClient client(gateway_.port(), "listener");
    auto listen = event_message(EventAction::listen);
    listen.set_name("^seat/.*");
    client.send(listen);
    EXPECT_TRUE(client.receive<wire::EventMessage>().is_ack());
    std::optional<Watch> watch = client_.watch("seat/1").value();
    EXPECT_EQ(client.receive<wire::EventMessage>().subscription(), "seat/1");
    // The gateway learns of the end of the first subject before it learns of the second.
    watch.reset();
    client_.put("fence", "{}").value();
    watch = client_.watch("seat/2").value();
    EXPECT_EQ(client.receive<wire::EventMessage>().subscription(), "seat/2");
    auto accept = event_message(EventAction::listen_accept);
    accept.set_name("^seat/.*");
    accept.set_subscription("seat/1");
    client.send(accept);
    const auto end = client.receive<wire::EventMessage>();
    EXPECT_EQ(end.action(), static_cast<std::int32_t>(EventAction::pattern_removed));
    EXPECT_EQ(end.subscription(), "seat/1");
}

}  // namespace
}  // namespace ringside::testing
