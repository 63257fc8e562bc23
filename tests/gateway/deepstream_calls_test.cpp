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

/// Calls of native clients that a deepstream client provides.
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

    /// A client that provides 'pay', as the grid knows.
    std::unique_ptr<DeepstreamClient> provider() {
        auto client = std::make_unique<DeepstreamClient>(gateway_.port(), "provider");
        auto provide = rpc_message(RpcAction::provide);
        provide.add_names("pay");
        provide.set_correlation_id("1");
        client->send(provide);
        static_cast<void>(client->receive<wire::RpcMessage>());
        EXPECT_TRUE(eventually([&] {
            auto records = client_.snapshot().value();
            bool is_there = false;
            EXPECT_TRUE(records.scan("$sys/rpc/pay/**", [&](const RecordView&) {
                is_there = true;
                return true;
            }));
            return is_there;
        }));
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

TEST_F(DeepstreamCalls, WhoseProviderLeavesAreNotCarriedOutAgain) {
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

TEST_F(DeepstreamCalls, ThatAreRejectedGoToTheNextProvider) {
    auto rejecting = provider();
    call();
    const auto request = rejecting->receive<wire::RpcMessage>();
    const Service other =
        client_.provide("pay", [](Call& next) { next.answer("2").value(); }).value();
    rejecting->send(answer_to(request, RpcAction::reject));
    EXPECT_EQ(outcome(), "2");
}

}  // namespace
}  // namespace ringside::testing
