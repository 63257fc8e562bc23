#include "tests/gateway/deepstream_http_api.hpp"
#include "tests/support/growing_time.hpp"

namespace ringside {
namespace {

using ::testing::HasSubstr;

class DeepstreamHttpApi : public testing::DeepstreamHttpApiTest {
protected:
    void SetUp() override { configure("[deepstream]\n"); }
};

const std::string done = R"({"success":true})";
const std::string late =
    R"({"success":false,"error":"Request exceeded timeout before a response was received.",)"
    R"("errorTopic":"connection","errorEvent":"HTTP_REQUEST_TIMEOUT"})";

TEST_F(DeepstreamHttpApi, ARecordIsWrittenReadAndDeleted) {
    EXPECT_EQ(api(record("head", "a")), success(R"({"version":-1,"success":true})"));
    EXPECT_EQ(api(record("write", "a", R"(,"data":{"x":1})")), success(done));
    EXPECT_EQ(api(record("read", "a")), success(R"({"version":1,"data":{"x":1},"success":true})"));
    EXPECT_EQ(api(record("write", "a", R"(,"data":[2])")), success(done));
    EXPECT_EQ(api(record("head", "a")), success(R"({"version":2,"success":true})"));
    EXPECT_EQ(to_json(client_.get("a").value().document()), "[2]");
    EXPECT_EQ(api(record("delete", "a")), success(done));
    EXPECT_EQ(api(record("delete", "a")), success(done));
    EXPECT_EQ(client_.get("a").error(), Errc::not_found);
    EXPECT_EQ(api(record("read", "a")),
              failure(R"({"errorTopic":"record","errorEvent":107,"success":false,)"
                      R"("error":"Record read failed. Record \"a\" could not be found."})"));
}

TEST_F(DeepstreamHttpApi, WriteOfAPathCreatesMissingParents) {
    EXPECT_EQ(api(record("write", "a", R"(,"path":"b.c[1]","data":"x")")), success(done));
    EXPECT_EQ(api(record("write", "a", R"(,"path":"d","data":null)")), success(done));
    EXPECT_EQ(api(record("read", "a")),
              success(R"({"version":2,"data":{"b":{"c":[null,"x"]},"d":null},"success":true})"));
    // An empty path means no path.
    EXPECT_EQ(api(record("write", "a", R"(,"path":"","data":{})")), success(done));
    EXPECT_EQ(to_json(client_.get("a").value().document()), "{}");
}

TEST_F(DeepstreamHttpApi, InvalidPathIsRefused) {
    EXPECT_EQ(api(record("write", "a", R"(,"path":"__proto__.x","data":1)")),
              failure(R"({"errorTopic":"record","errorEvent":116,"success":false,)"
                      R"("error":"An error occurred: INVALID_MESSAGE_DATA.","errorParams":"a"})"));
    EXPECT_EQ(client_.get("a").error(), Errc::not_found);
}

TEST_F(DeepstreamHttpApi, AWriteIsBoundToTheVersionBeforeTheOneThatItMakes) {
    const auto write = [&](const std::string& name, int version) {
        return api(record("write", name,
                          R"(,"data":{"x":)" + std::to_string(version) + R"(},"version":)" +
                              std::to_string(version)));
    };
    const std::string end = R"(,"currentVersion":2,"currentData":{"x":2}})";
    EXPECT_EQ(write("a", 1), success(done));
    EXPECT_EQ(write("a", 2), success(done));
    EXPECT_EQ(write("a", 1),
              failure(R"({"errorTopic":"record","errorEvent":102,"success":false,)"
                      R"("error":"Record update failed. Version 2 exists for record \"a\".")" +
                      end));
    EXPECT_EQ(
        write("a", 9),
        failure(R"({"errorTopic":"record","errorEvent":108,"success":false,)"
                R"("error":"Record update failed. Version 2 is not valid for record \"a\".")" +
                end));
    EXPECT_EQ(write("b", 2),
              failure(R"({"errorTopic":"record","errorEvent":108,"success":false,)"
                      R"("error":"Record update failed. Version -1 is not valid for record )"
                      R"(\"b\".","currentVersion":-1})"));
    EXPECT_EQ(client_.get("b").error(), Errc::not_found);
    // These name no version.
    EXPECT_EQ(write("a", -1), success(done));
    EXPECT_EQ(write("a", 0), success(done));
    EXPECT_EQ(to_json(client_.get("a").value().document()), R"({"x":0})");
}

TEST_F(DeepstreamHttpApi, AListIsARecord) {
    const std::string list = R"({"topic":"list","listName":"l","action":)";
    EXPECT_EQ(api(list + R"("write","data":["a","b"],"version":1})"), success(done));
    EXPECT_EQ(api(list + R"("read"})"),
              success(R"({"version":1,"data":["a","b"],"success":true})"));
    EXPECT_EQ(api(list + R"("delete"})"), success(done));
    EXPECT_EQ(client_.get("l").error(), Errc::not_found);
}

TEST_F(DeepstreamHttpApi, ANotificationChangesNothing) {
    client_.put("a", "1").value();
    EXPECT_EQ(api(R"({"topic":"record","action":"notify","recordNames":["a","b"]})"),
              success(done));
    EXPECT_EQ(client_.get("a").value().version(), 1U);
}

TEST_F(DeepstreamHttpApi, EventReachesItsSubscribers) {
    Watch watch = client_.watch("e", {.mode = WatchMode::every, .what = WatchFor::events}).value();
    EXPECT_EQ(api(R"({"topic":"event","action":"emit","eventName":"e","data":{"x":1}},)"
                  R"({"topic":"event","action":"emit","eventName":"e"})"),
              success(done + ',' + done));
    for (const char* expected : {R"({"x":1})", "null"}) {
        const auto event = watch.next(testing::soon).value();
        EXPECT_EQ(to_json(event.record.document()), expected);
    }
}

TEST_F(DeepstreamHttpApi, ACallIsAnsweredByItsProvider) {
    auto provider = attach().provide("call/*").value();
    std::thread serving([&] {
        for (int i = 0; i < 2; ++i) {
            auto call = provider.next(testing::soon).value();
            if (call.name() == "call/good") call.answer(to_json(call.document())).value();
            else call.fail(R"("sold out")").value();
        }
    });
    const std::string make = R"({"topic":"rpc","action":"make","rpcName":"call/)";
    EXPECT_EQ(api(make + R"(good","data":[1,2]})"), success(R"({"data":[1,2],"success":true})"));
    EXPECT_EQ(api(make + R"(bad"})"),
              failure(R"({"errorTopic":"rpc","error":"sold out","success":false})"));
    serving.join();
}

TEST_F(DeepstreamHttpApi, ACallWithoutAProviderFails) {
    EXPECT_EQ(api(R"({"topic":"rpc","action":"make","rpcName":"c"})"),
              failure(R"({"errorTopic":"rpc","errorEvent":100,"success":false,)"
                      R"("error":"No provider was available to handle the RPC \"c\"."})"));
}

TEST_F(DeepstreamHttpApi, PresenceIsThatOfTheGrid) {
    const std::string query = R"({"topic":"presence","action":"query")";
    EXPECT_EQ(api(query + '}'), success(R"({"users":[],"success":true})"));
    const auto ann = client_.announce_presence("ann").value();
    EXPECT_TRUE(testing::eventually(
        [&] { return api(query + '}') == success(R"({"users":["ann"],"success":true})"); }));
    EXPECT_EQ(api(query + R"(,"names":["ann","bob"]})"),
              success(R"({"users":{"ann":true,"bob":false},"success":true})"));
    EXPECT_EQ(api(query + R"(,"names":[]})"), success(R"({"users":{},"success":true})"));
    // A user is not included in its own query.
    EXPECT_EQ(api(query + '}', R"(,"authData":{"username":"ann"})"),
              success(R"({"users":[],"success":true})"));
}

TEST_F(DeepstreamHttpApi, MessagesAreCarriedOutOneAfterAnother) {
    EXPECT_EQ(api(record("write", "a", R"(,"data":{"x":1})") + ',' + record("head", "a") + ',' +
                  record("write", "a", R"(,"data":{"x":2},"version":2)") + ',' +
                  record("read", "b") + ',' + record("read", "a")),
              R"({"result":"PARTIAL_SUCCESS","body":[{"success":true},)"
              R"({"version":1,"success":true},{"success":true},)"
              R"({"errorTopic":"record","errorEvent":107,"success":false,)"
              R"("error":"Record read failed. Record \"b\" could not be found."},)"
              R"({"version":2,"data":{"x":2},"success":true}]})");
}

TEST_F(DeepstreamHttpApi, TimeoutIsReportedAndLaterMessagesAreSkipped) {
    EXPECT_TRUE(testing::with_growing_limit([&](std::chrono::milliseconds limit) {
        const std::string time = std::to_string(limit.count());
        configure("[deepstream]\nhttp_request_timeout_ms = " + time + '\n');
        auto provider = attach().provide("never/" + time).value();
        const std::string answered =
            api(record("write", "a/" + time, R"(,"data":{})") +
                R"(,{"topic":"rpc","action":"make","rpcName":"never/)" + time + "\"}," +
                record("write", "b/" + time, R"(,"data":{})"));
        if (answered == failure(late + ',' + late + ',' + late)) return false;
        EXPECT_EQ(answered, R"({"result":"PARTIAL_SUCCESS","body":[)" + done + ',' + late + ',' +
                                late + "]}");
        // The call under way completes, and the next one is still not carried out.
        provider.next(testing::soon).value().answer("1").value();
        EXPECT_TRUE(testing::eventually([&] {
            return api(record("read", "a/" + time)) ==
                   success(R"({"version":1,"data":{},"success":true})");
        }));
        EXPECT_EQ(client_.get("b/" + time).error(), Errc::not_found);
        return true;
    }));
}

TEST_F(DeepstreamHttpApi, AnswersToARequestAreBounded) {
    client_.put("a", '"' + std::string(9U << 20, 'x') + '"').value();
    std::string messages = record("read", "a");
    for (int i = 0; i < 7; ++i) messages += ',' + record("read", "a");
    const std::string answer = api(messages);
    EXPECT_LT(answer.size(), 65U << 20);
    EXPECT_TRUE(answer.starts_with(R"({"result":"PARTIAL_SUCCESS",)"));
    EXPECT_TRUE(answer.ends_with(
        R"({"success":false,"error":"The answers to this request exceed the size limit.",)"
        R"("errorTopic":"connection","errorEvent":"HTTP_ANSWER_TOO_LARGE"}]})"));
}

TEST_F(DeepstreamHttpApi, AMessageThatIsWrongSaysWhyAndChangesNothing) {
    const std::pair<const char*, const char*> wrong[] = {
        {"5", "property '' should be object"},
        {"{}", "property 'topic' is required for topic 'undefined'"},
        {R"({"topic":"record"})", "property 'action' is required for topic 'record'"},
        {R"({"topic":"nothing","action":"emit"})", ""},
        {R"({"topic":"record","action":"fly"})", ""},
        {R"({"topic":"event","action":"emit"})",
         "property 'eventName' is required for topic 'event'"},
        {R"({"topic":"event","action":"emit","eventName":""})",
         "property '.eventName' should NOT be shorter than 1 characters"},
        {R"({"topic":"event","action":"emit","eventName":5})",
         "property '.eventName' should be string"},
        {R"({"topic":"record","action":"read","recordName":"a","more":1})", ""},
        {R"({"topic":"record","action":"write","recordName":"a"})",
         "property 'data' is required for topic 'record'"},
        {R"({"topic":"record","action":"write","recordName":"a","data":5})",
         "property '.data' should be object,array"},
        {R"({"topic":"record","action":"write","recordName":"a","data":5,"path":""})",
         "property '.data' should be object,array"},
        {R"({"topic":"record","action":"write","recordName":"a","data":5,"path":5})",
         "property '.path' should be string"},
        {R"({"topic":"record","action":"write","recordName":"a","data":{},"version":1.5})",
         "property '.version' should be integer"},
        {R"({"topic":"record","action":"write","recordName":"a","data":{},"version":-2})", ""},
        {R"({"topic":"list","action":"write","listName":"a","data":["x",1]})",
         "property '.data[1]' should be string"},
        {R"({"topic":"presence","action":"query","names":"all"})",
         "property '.names' should be array"},
    };
    for (const auto& [message, reason] : wrong) {
        const auto response = post(
            "/api", R"({"body":[)" + record("write", "a", R"(,"data":{})") + ',' + message + "]}");
        std::string text = "Failed to parse JIF object at index 1.";
        if (*reason != '\0') text += std::string(" Reason: ") + reason;
        SCOPED_TRACE(message);
        expect_refusal(response, 400, text);
    }
    EXPECT_EQ(client_.get("a").error(), Errc::not_found);
}

TEST_F(DeepstreamHttpApi, ABodyThatIsWrongSaysWhy) {
    const std::string missing = R"(Invalid message: the "body" parameter must exist.)";
    const std::string no_list =
        R"(Invalid message: the "body" parameter must be a non-empty array of Objects.)";
    for (const char* body : {"", "{}", "[]", R"({"body":null})", R"({"body":0})"}) {
        expect_refusal(post("/api", body), 400, missing);
    }
    for (const char* body : {R"({"body":[]})", R"({"body":"x"})", R"({"body":{"a":1}})"}) {
        expect_refusal(post("/api", body), 400, no_list);
    }
    expect_refusal(post("/api", R"({"body":[{}],"authData":"ann"})"), 400,
                   R"(Invalid message: the "authData" parameter must be an object)");
    expect_refusal(post("/api", R"({"body":[{}],"token":""})"), 400,
                   R"(Invalid message: the "token" parameter must be a non-empty string)");
    for (const char* path : {"/api", "/api/auth"}) {
        for (const char* body : {R"({"body":[)", "5", R"({"a":1,"a":2})"}) {
            const auto response = post(path, body);
            EXPECT_EQ(response.status, 400);
            EXPECT_THAT(response.body, ::testing::StartsWith("Failed to parse body of request: "));
        }
    }
}

TEST_F(DeepstreamHttpApi, ABodyIsAsLargeAsAMessageMayBe) {
    configure("[deepstream]\nmax_message_bytes = 1024\n");
    const auto request = [&](std::size_t size) {
        std::string body = R"({"body":[)" + record("head", "a") + R"(],"more":")";
        body.append(size - body.size() - 2, 'x');
        return post("/api", body += "\"}");
    };
    EXPECT_EQ(request(1024).status, 200);
    expect_refusal(request(1025), 400, "Failed to parse body of request: request entity too large");
}

}  // namespace
}  // namespace ringside
