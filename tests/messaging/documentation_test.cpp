#include <gtest/gtest.h>

#include <thread>

#include "tests/support/messaging_test.hpp"

namespace ringside {
namespace {

/// The examples in the headers work unchanged.
class DocumentationTest : public testing::MessagingTest {};

TEST_F(DocumentationTest, TheExamplesOfCallsAndProvidersWork) {
    std::atomic<int> served = 0;
    std::thread providing([this, &served] {
        Client client = attach();
        auto provider = client.provide("quote/*").value();
        served = 1;
        for (int i = 0; i < 3; ++i) {
            if (auto call = provider.next(std::chrono::seconds(60))) call->answer("4200").value();
        }
    });
    ASSERT_TRUE(testing::eventually([&] { return served == 1; }));
    Client client = attach();
    const std::string seats[] = {R"("A1")", R"("A2")", R"("A3")"};
    int answers = 0;
    auto calls = client
                     .call_pipeline([&](auto ticket, Result<Answer> answer) {
                         EXPECT_LE(ticket, 3U);
                         EXPECT_EQ(shown(answer), "4200");
                         ++answers;
                     })
                     .value();
    for (auto& seat : seats) calls.call("quote/1", seat).value();
    calls.wait_all(std::chrono::seconds(60)).value();
    EXPECT_EQ(answers, 3);
    providing.join();
}

}  // namespace
}  // namespace ringside
