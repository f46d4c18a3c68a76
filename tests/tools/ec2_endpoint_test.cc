// SPDX-License-Identifier: GPL-2.0-or-later
/* The EC2 calls, with machines that are idle processes. */
#include "ec2/catalog.hh"
#include "ec2/endpoint.hh"
#include "ec2/uri.hh"
#include "run.hh"

#include <chrono>
#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <regex>
#include <sys/wait.h>
#include <unistd.h>

using namespace tool;
using namespace tool::ec2;

namespace
{

constexpr time_t now = 1440938160;
const Credential credential{"ID", "secret"};

/* In place of openena run: a process with the monitor's path in its command line. */
void run_idle(const std::string &directory, const std::vector<std::string> &words)
{
	const std::string machine = Machines(directory).path(words[1]);
	const std::string monitor = machine + "/qmp";

	Machines(directory).add(words[1], Json(Json::Object{}));
	/* The child must not ask for memory: another thread may have held a lock of the heap. */
	const pid_t child = fork();
	if (!child) {
		close(STDERR_FILENO); /* there is no such file to follow */
		execlp("tail", "tail", "-qf", "/dev/null", monitor.c_str(), nullptr);
		_exit(1);
	}
	const auto there = [&] {
		return file_text("/proc/" + std::to_string(child) + "/cmdline").starts_with("tail");
	};
	while (!there())
		usleep(1000);
	std::ofstream(machine + "/pid") << child << "\n";
}

class Ec2Test : public testing::Test {
    protected:
	void SetUp() override
	{
		begin();
	}
	void TearDown() override
	{
		endpoint.reset();
		fleet.reset();
		const Machines machines(directory);
		for (const std::string &name : machines.names())
			machines.stop(name, 0);
		while (waitpid(-1, nullptr, WNOHANG) > 0)
			;
	}
	/* Begins again with what is on disk. */
	void begin()
	{
		endpoint.reset();
		fleet.reset();
		store = std::make_unique<Store>(scratch / "state.json");
		fleet = std::make_unique<Fleet>(
			*store, FleetConfig{directory, scratch / "logs", "", "", "", {}},
			[this](const std::vector<std::string> &words, const std::string &log,
			       const std::atomic<bool> &ending) {
				launches++;
				while (slow && !ending)
					usleep(1000);
				if (!fails.empty() || ending) {
					std::ofstream(log) << "starting\n" << fails << "\n";
					throw Trouble("it failed");
				}
				run_idle(directory, words);
				said = words;
			});
		endpoint = std::make_unique<Endpoint>(*store, *fleet,
						      std::vector<Credential>{credential});
	}
	/* The answer to a signed request; the status in front. */
	std::string ask(const std::string &form)
	{
		Authorization says{"ID", "20150830", "eu-1", "ec2", {"host", "x-amz-date"}, ""};
		HttpRequest request{"POST",
				    "/",
				    {{"Host", "h"},
				     {"X-Amz-Date", "20150830T123600Z"},
				     {"Content-Type", "application/x-www-form-urlencoded"}},
				    "Version=2016-11-15&Action=" + form};
		request.headers.emplace_back(
			"Authorization",
			"AWS4-HMAC-SHA256 Credential=ID/20150830/eu-1/ec2/aws4_request, "
			"SignedHeaders=host;x-amz-date, Signature=" +
				signature_of(request, says, credential.secret));
		const HttpAnswer answer = endpoint->answer(request, now);
		return std::to_string(answer.status) + " " + answer.body;
	}
	/* The first element of that name. */
	static std::string element(const std::string &answer, const std::string &name)
	{
		const std::string open = "<" + name + ">";
		const size_t at = answer.find(open);
		if (at == answer.npos)
			return "";
		return answer.substr(at + open.size(),
				     answer.find('<', at + open.size()) - at - open.size());
	}
	std::string code(const std::string &form)
	{
		return element(ask(form), "Code");
	}
	std::string state(const std::string &id)
	{
		const std::string answer = ask("DescribeInstances&InstanceId.1=" + id);
		return element(answer.substr(answer.find("<instanceState>")), "name");
	}
	/* Within a time that is long for a machine that is busy. */
	template <typename Predicate> static bool eventually(Predicate done)
	{
		const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
		while (!done()) {
			if (std::chrono::steady_clock::now() > deadline)
				return false;
			usleep(5000);
		}
		return true;
	}
	bool becomes(const std::string &id, const std::string &wanted)
	{
		return eventually([&] { return state(id) == wanted; });
	}
	std::string launched(const std::string &more = "")
	{
		const std::string id =
			element(ask("RunInstances&InstanceType=c5n.large" + more), "instanceId");
		EXPECT_TRUE(becomes(id, "running")) << id;
		return id;
	}
	static size_t count(const std::string &text, const std::string &part)
	{
		size_t found = 0;
		for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1))
			found++;
		return found;
	}

	Scratch scratch;
	std::string directory = scratch / "machines";
	std::atomic<bool> slow = false;
	std::atomic<int> launches = 0;
	std::string fails;
	std::vector<std::string> said;
	std::unique_ptr<Store> store;
	std::unique_ptr<Fleet> fleet;
	std::unique_ptr<Endpoint> endpoint;
};

} // namespace

TEST_F(Ec2Test, WhoIsNotKnownAndWhatIsNotThere)
{
	const HttpAnswer answer = endpoint->answer({"POST", "/", {{"Host", "h"}}, "Action=x"}, now);

	EXPECT_EQ(answer.status, 401);
	EXPECT_TRUE(has(answer.body, "<Code>AuthFailure</Code>")) << answer.body;
	const std::string unknown = ask("DescribeVolumes");
	EXPECT_TRUE(has(unknown, "400") && has(unknown, "InvalidAction") &&
		    has(unknown, "DescribeVolumes"))
		<< unknown;
	EXPECT_EQ(code("DescribeInstances&Surprise=1"), "UnknownParameter");
	EXPECT_EQ(code("DescribeInstances&DryRun=true"), "DryRunOperation");
	EXPECT_EQ(code("DescribeInstances&DryRun=perhaps"), "InvalidParameterValue");
	EXPECT_TRUE(has(Endpoint::refusal(413).body, "262144 bytes"));
}

TEST_F(Ec2Test, InstanceTypes)
{
	const std::string answer = ask("DescribeInstanceTypes&InstanceType.1=c5n.18xlarge");

	EXPECT_EQ(element(answer, "maximumNetworkInterfaces"), "15");
	EXPECT_EQ(element(answer, "enaSupport"), "required");
	EXPECT_EQ(element(answer, "efaSupported"), "true");
	EXPECT_EQ(element(answer, "baselineBandwidthInGbps"), "100.0");
	EXPECT_EQ(element(ask("DescribeInstanceTypes&InstanceType.1=c1.medium"), "enaSupport"),
		  "unsupported");
	EXPECT_EQ(code("DescribeInstanceTypes&InstanceType.1=c5n.lrge"), "InvalidInstanceType");
	EXPECT_EQ(code("DescribeInstanceTypes&MaxResults=5&InstanceType.1=c5n.large"),
		  "InvalidParameterCombination");
	std::string token, form = "DescribeInstanceTypes&MaxResults=5&Filter.1.Name=instance-type"
				  "&Filter.1.Value.1=c5n.*";
	const std::string first = ask(form);
	EXPECT_EQ(count(first, "<instanceType>"), 5U);
	const std::string second = ask(form + "&NextToken=" + element(first, "nextToken"));
	EXPECT_EQ(count(second, "<instanceType>"), 2U);
	EXPECT_EQ(element(second, "nextToken"), "");
}

TEST_F(Ec2Test, TheLifeOfAnInstance)
{
	const std::string id = launched("&ImageId=ami-0000000000000612e&UserData=aGk=");

	EXPECT_EQ(said,
		  (std::vector<std::string>{"run", id, "--detach", "--instance-type", "c5n.large",
					    "--network", "user", "--driver", "ena", "--kver",
					    "6.12", "--address", "172.31.0.16", "--mac", said[14],
					    "--spare-ports", "2", "--state-dir", directory}));
	const std::string answer = ask("DescribeInstances&InstanceId.1=" + id);
	EXPECT_EQ(element(answer, "interfaceType"), "interface");
	EXPECT_EQ(element(answer, "enaSupport"), "true");
	EXPECT_EQ(code("ModifyInstanceAttribute&EnaSupport.Value=false&InstanceId=" + id),
		  "IncorrectInstanceState");
	EXPECT_TRUE(has(ask("StopInstances&Force=true&InstanceId.1=" + id), "<code>16"));
	EXPECT_TRUE(becomes(id, "stopped"));
	EXPECT_TRUE(has(ask("ModifyInstanceAttribute&EnaSupport.Value=false&InstanceId=" + id),
			"<return>true"));
	EXPECT_TRUE(has(ask("DescribeInstanceAttribute&Attribute=enaSupport&InstanceId=" + id),
			"<enaSupport><value>false"));
	EXPECT_EQ(code("StartInstances&InstanceId.1=" + id), "InvalidParameterCombination");
	ask("ModifyInstanceAttribute&EnaSupport.Value=true&InstanceId=" + id);
	ask("StartInstances&InstanceId.1=" + id);
	EXPECT_TRUE(becomes(id, "running"));
	ask("TerminateInstances&InstanceId.1=" + id);
	EXPECT_TRUE(becomes(id, "terminated"));
	EXPECT_EQ(code("StartInstances&InstanceId.1=" + id), "IncorrectInstanceState");
	begin();
	EXPECT_EQ(state(id), "terminated");
	EXPECT_FALSE(has(ask("DescribeNetworkInterfaces"), "<item>"));
}

TEST_F(Ec2Test, TheStatusOfAnInstance)
{
	const std::string id = launched();
	const std::string of_it = "DescribeInstanceStatus&InstanceId.1=" + id;
	const auto status = [&] {
		const std::string answer = ask(of_it);
		return element(answer.substr(answer.find("<instanceStatus>")), "status");
	};

	const std::string path = Machines(directory).path(id, "qmp");
	EXPECT_EQ(status(), "insufficient-data"); /* no monitor */
	for (const auto &[queues, wanted] : {std::pair("[]", "initializing"),
					     {R"([{"queue": 0}])", "ok"},
					     {"7", "initializing"}}) {
		const FakeMonitor monitor(qmp_greeting,
					  {qmp_done, qmp_one_adapter, qmp_one_adapter,
					   std::string("{\"return\": ") + queues + "}"});
		std::filesystem::remove(path);
		std::filesystem::create_symlink(monitor.path(), path);
		EXPECT_EQ(status(), wanted);
	}
	EXPECT_TRUE(has(ask("DescribeInstanceStatus&Filter.1.Name=system-status.reachability"
			    "&Filter.1.Value.1=passed"),
			id));
	ask("StopInstances&Force=true&InstanceId.1=" + id);
	EXPECT_TRUE(becomes(id, "stopped"));
	EXPECT_FALSE(has(ask(of_it), id));
	EXPECT_TRUE(has(ask(of_it + "&IncludeAllInstances=true"), "not-applicable"));
	EXPECT_EQ(code("DescribeInstanceStatus&InstanceId.1=i-1"), "InvalidInstanceID.Malformed");
}

TEST_F(Ec2Test, OneVpcAndItsSubnets)
{
	const std::string made = ask("CreateNetworkInterface&SubnetId=subnet-00000000000000007");

	EXPECT_EQ(count(ask("DescribeVpcs&Filter.1.Name=is-default&Filter.1.Value.1=true"),
			element(made, "vpcId")),
		  1U);
	EXPECT_EQ(code("DescribeVpcs&VpcId.1=vpc-1"), "InvalidVpcID.NotFound");
	const std::string subnet = ask("DescribeSubnets&SubnetId.1=subnet-00000000000000007");
	EXPECT_EQ(element(subnet, "cidrBlock"), "172.31.7.0/24");
	EXPECT_EQ(element(subnet, "availableIpAddressCount"), "238");
	EXPECT_EQ(element(ask("DescribeSubnets&Filter.1.Name=default-for-az&Filter.1.Value.1=true"),
			  "subnetId"),
		  "subnet-00000000000000000");
	EXPECT_EQ(count(ask("DescribeSubnets"), "<subnetId>"), 251U);
	EXPECT_EQ(code("DescribeSubnets&SubnetId.1=subnet-1"), "InvalidSubnetID.NotFound");
}

TEST_F(Ec2Test, CloudImagesAreFilesOfADirectory)
{
	const std::string file = scratch / "images" / "web & mail.qcow2";

	std::filesystem::create_directories(scratch / "images" / "directory");
	std::ofstream(file) << "QFI";
	take_images_from(scratch / "images");
	const std::string answer = ask("DescribeImages&Filter.1.Name=name&Filter.1.Value.1=web*");
	const std::string image = element(answer, "imageId");
	EXPECT_EQ(image.size(), 21u) << answer;
	EXPECT_EQ(element(answer, "name"), "web &amp; mail.qcow2") << answer;
	EXPECT_FALSE(has(ask("DescribeImages"), "directory"));
	(void)launched("&ImageId=" + image);
	const auto word = std::find(said.begin(), said.end(), "--image");
	ASSERT_LT(word + 1, said.end());
	EXPECT_EQ(word[1], file);
	EXPECT_EQ(std::find(said.begin(), said.end(), "--kver"), said.end());
	std::filesystem::remove(file);
	EXPECT_EQ(code("RunInstances&ImageId=" + image), "InvalidAMIID.NotFound");
	take_images_from("");
}

TEST_F(Ec2Test, AGuestThatEndsByItself)
{
	const std::string id = launched();

	kill(*Machines(directory).running(id), SIGKILL);
	EXPECT_TRUE(becomes(id, "stopped"));
	EXPECT_TRUE(eventually([&] {
		return element(ask("DescribeInstances"), "reason") == "Instance initiated shutdown";
	}));
}

TEST_F(Ec2Test, ALaunchThatFails)
{
	/* As openena run ends its log. */
	fails = "no root file system\nopenena: the launcher failed; the machine i-1 was not "
		"started";
	const std::string id = element(ask("RunInstances&InstanceType=c5n.large"), "instanceId");

	EXPECT_TRUE(becomes(id, "stopped"));
	EXPECT_TRUE(
		has(ask("DescribeInstances"), "Internal error on launch: no root file system<"));
	fails.clear();
	ask("StartInstances&InstanceId.1=" + id);
	EXPECT_TRUE(becomes(id, "running"));
}

/* What was promised is done by the next endpoint. */
TEST_F(Ec2Test, AnEndpointThatEndsInTheMiddle)
{
	slow = true;
	const std::string id = element(ask("RunInstances&InstanceType=c5n.large"), "instanceId");
	while (!launches)
		usleep(1000);
	fails = "given up";
	slow = false;
	fleet.reset(); /* ends the launch */
	fails.clear();
	begin();
	EXPECT_EQ(state(id), "pending");
	fleet->settle_all();
	EXPECT_TRUE(becomes(id, "running"));
}

TEST_F(Ec2Test, TheSameTokenIsTheSameReservation)
{
	const std::string form = "RunInstances&InstanceType=c5n.large&ClientToken=abc";
	const std::string first = ask(form), second = ask(form);

	EXPECT_EQ(element(first, "instanceId"), element(second, "instanceId"));
	EXPECT_EQ(count(ask("DescribeInstances"), "<instanceId>"), 2U); /* with its attachment */
	EXPECT_EQ(code(form + "&MaxCount=2"), "IdempotentParameterMismatch");
}

/* Whatever has changed since. */
TEST_F(Ec2Test, TheSameTokenWhenThereIsNoRoom)
{
	const std::string image = "&InstanceType=c5n.large&ClientToken=";
	ask("CreateKeyPair&KeyName=k&KeyType=ed25519");
	const std::string with_key = "RunInstances&KeyName=k" + image + "k";
	const std::string first = element(ask(with_key), "reservationId");
	ask("DeleteKeyPair&KeyName=k");
	EXPECT_EQ(element(ask(with_key), "reservationId"), first);
	slow = true;
	const std::string many = "RunInstances&MinCount=31" + image + "many";
	const std::string all = element(ask(many), "reservationId");
	EXPECT_EQ(all.size(), 19U);
	EXPECT_EQ(element(ask(many), "reservationId"), all);
	EXPECT_EQ(code("RunInstances&InstanceType=c5n.large"), "InstanceLimitExceeded");
	EXPECT_EQ(code("RunInstances&InstanceType=c5n.large&DryRun=true"), "InstanceLimitExceeded");
}

TEST_F(Ec2Test, TheSameTokenIsTheSameInterface)
{
	const std::string form =
		"CreateNetworkInterface&ClientToken=abc&SubnetId=subnet-0000000000000000";
	const std::string first = element(ask(form + "7"), "networkInterfaceId");

	EXPECT_EQ(element(ask(form + "7"), "networkInterfaceId"), first);
	EXPECT_EQ(code(form + "8"), "IdempotentParameterMismatch");
	begin();
	EXPECT_EQ(element(ask(form + "7"), "networkInterfaceId"), first);
	EXPECT_EQ(count(ask("DescribeNetworkInterfaces"), "<networkInterfaceId>"), 1U);
}

TEST_F(Ec2Test, AReservationIsWhatWasLaunchedAtOnce)
{
	slow = true;
	for (int i = 0; i < 2; i++)
		ask("RunInstances&InstanceType=c5n.large&MinCount=3");
	const std::string all = ask("DescribeInstances");
	EXPECT_EQ(count(all, "<reservationId>"), 2U);
	EXPECT_EQ(count(all, "<amiLaunchIndex>"), 6U);
	const std::string first = ask("DescribeInstances&MaxResults=5");
	EXPECT_EQ(count(first, "<reservationId>"), 2U);
	EXPECT_EQ(count(first, "<amiLaunchIndex>"), 5U);
	const std::string second =
		ask("DescribeInstances&MaxResults=5&NextToken=" + element(first, "nextToken"));
	EXPECT_EQ(count(second, "<amiLaunchIndex>"), 1U);
	EXPECT_EQ(element(second, "nextToken"), "");
}

TEST_F(Ec2Test, ImagesInPages)
{
	const std::string first = ask("DescribeImages&MaxResults=4");

	EXPECT_EQ(count(first, "<imageId>"), 4U);
	const std::string second =
		ask("DescribeImages&MaxResults=4&NextToken=" + element(first, "nextToken"));
	EXPECT_EQ(count(second, "<imageId>"), 2U);
	EXPECT_FALSE(has(first, element(second, "imageId")));
}

TEST_F(Ec2Test, RequestsInParallel)
{
	std::vector<std::thread> threads;
	std::atomic<int> made = 0;

	for (int i = 0; i < 4; i++)
		threads.emplace_back([&] {
			for (int j = 0; j < 5; j++)
				made += ask("CreateNetworkInterface&SubnetId=subnet-"
					    "00000000000000007")
						.starts_with("200");
		});
	for (std::thread &thread : threads)
		thread.join();
	EXPECT_EQ(made, 20);
	const std::string all = ask("DescribeNetworkInterfaces");
	std::set<std::string> addresses;
	for (int host = 16; host < 36; host++)
		EXPECT_TRUE(has(all, "172.31.7." + std::to_string(host) + "<")) << host;
}

TEST_F(Ec2Test, ADiskThatIsFullChangesNothing)
{
	const std::string before = ask("DescribeNetworkInterfaces");

	/* Root writes where it may not: a directory in the way of the new file. */
	std::filesystem::create_directory(scratch / "state.json.new");
	const std::string answer = ask("CreateNetworkInterface&SubnetId=subnet-00000000000000000");
	EXPECT_TRUE(answer.starts_with("500") && has(answer, "InternalError") &&
		    has(answer, "state.json cannot be written"))
		<< answer;
	EXPECT_FALSE(has(ask("DescribeNetworkInterfaces"), "eni-"));
	std::filesystem::remove(scratch / "state.json.new");
	EXPECT_EQ(ask("CreateNetworkInterface&SubnetId=subnet-00000000000000000").substr(0, 3),
		  "200");
}

TEST_F(Ec2Test, AStateThatIsDamaged)
{
	(void)launched();
	const std::string good = file_text(scratch / "state.json");

	for (const std::string &bad :
	     {std::string(), std::string("{"), std::string("[]"), good.substr(0, good.size() / 2),
	      std::regex_replace(good, std::regex("\"device_index\": 0"), "\"device_index\": -1"),
	      std::regex_replace(good, std::regex("\"mac\""), "\"mac2\""),
	      std::regex_replace(good, std::regex("\"id\": \"i-"), "\"id\": \"../i-")}) {
		std::ofstream(scratch / "state.json") << bad;
		EXPECT_THROW(Store(scratch / "state.json"), Trouble) << bad;
		EXPECT_EQ(file_text(scratch / "state.json"), bad); /* somebody may mend it */
	}
	/* As releases without key pairs wrote it. */
	std::ofstream(scratch / "state.json") << std::regex_replace(
		good, std::regex("\"keys\": \\[\\],|,\\s*\"key\": \"\"|,\\s*\"public_key\": \"\""),
		"");
	EXPECT_EQ(Store(scratch / "state.json").now()->instances.size(), 1U);
	std::ofstream(scratch / "state.json") << good;
	EXPECT_EQ(Store(scratch / "state.json").now()->interfaces.size(), 1U);
}

TEST_F(Ec2Test, Tags)
{
	const std::string id = launched("&TagSpecification.1.ResourceType=instance"
					"&TagSpecification.1.Tag.1.Key=Name"
					"&TagSpecification.1.Tag.1.Value=web");

	EXPECT_TRUE(has(ask("DescribeInstances&Filter.1.Name=tag:Name&Filter.1.Value.1=w?b"), id));
	ask("CreateTags&ResourceId.1=" + id + "&Tag.1.Key=b&Tag.1.Value=%3Cx%3E");
	EXPECT_TRUE(has(ask("DescribeTags&Filter.1.Name=key&Filter.1.Value.1=b"),
			"<value>&lt;x&gt;</value>"));
	ask("DeleteTags&ResourceId.1=" + id + "&Tag.1.Key=b&Tag.1.Value=other");
	EXPECT_TRUE(has(ask("DescribeTags"), "<key>b"));
	ask("DeleteTags&ResourceId.1=" + id + "&Tag.1.Key=b");
	EXPECT_FALSE(has(ask("DescribeTags"), "<key>b"));
	std::string many = "CreateTags&ResourceId.1=" + id;
	for (int i = 0; i < 50; i++)
		many += "&Tag." + std::to_string(i + 1) + ".Key=k" + std::to_string(i);
	EXPECT_EQ(code(many), "TagLimitExceeded");
	EXPECT_FALSE(has(ask("DescribeTags"), "<key>k0"));
	EXPECT_EQ(code("CreateTags&ResourceId.1=" + id + "&Tag.1.Key=aws:x"),
		  "InvalidParameterValue");
	EXPECT_EQ(code("CreateTags&Tag.1.Key=x&ResourceId.1=vol-1"), "InvalidID");
}

/* What XML cannot have, and what only terminals cannot. */
TEST_F(Ec2Test, TagsOfAnyCharacters)
{
	const std::string id = launched(), of_it = "CreateTags&ResourceId.1=" + id;
	const auto character = [](size_t times) {
		std::string text;
		while (times--)
			text += "%E5%AD%97";
		return text;
	};
	const auto found = [&](const std::string &value) {
		return has(ask("DescribeInstances&Filter.1.Name=tag:k&Filter.1.Value.1=" + value),
			   id);
	};

	ask(of_it + "&Tag.1.Key=k&Tag.1.Value=%EF%BF%BFx%EF%BF%BE%0Dy");
	EXPECT_TRUE(has(ask("DescribeTags"), "<value>?x?&#13;y</value>")) << ask("DescribeTags");
	for (const std::string &value : {std::string(250, 'v'), std::string("a%09b")}) {
		ask(of_it + "&Tag.1.Key=k&Tag.1.Value=" + value);
		EXPECT_TRUE(found(value)) << value;
	}
	EXPECT_FALSE(found("a%20b"));
	EXPECT_EQ(code(of_it + "&Tag.1.Key=" + character(128) + "&Tag.1.Value=" + character(256)),
		  "");
	EXPECT_EQ(code(of_it + "&Tag.1.Key=" + character(129)), "InvalidParameterValue");
}

TEST_F(Ec2Test, KeyPairs)
{
	/* A line of ssh-keygen, in base64. */
	const std::string material = "&PublicKeyMaterial="
				     "c3NoLWVkMjU1MTkgQUFBQUMzTnphQzFsWkRJMU5URTVBQUFBSUlXY0JDb0dYQ"
				     "0E2UlJEejNjTzYyQWM4SnNoK3BheDdq"
				     "eXZzVGJVWjJuUy8K";
	const std::string made = ask("ImportKeyPair&KeyName=mine" + material);
	const std::string key = element(made, "keyPairId");

	EXPECT_EQ(element(made, "keyFingerprint"), "FFGWugWQjR7TUmyk2ioYhs7SLPntRpSCNWbefy4gffg=");
	EXPECT_EQ(code("ImportKeyPair&KeyName=mine" + material), "InvalidKeyPair.Duplicate");
	EXPECT_EQ(code("CreateKeyPair&KeyName=mine"), "InvalidKeyPair.Duplicate");
	EXPECT_EQ(code("ImportKeyPair&KeyName=other&PublicKeyMaterial=AAAA"), "InvalidKey.Format");
	EXPECT_TRUE(has(ask("ImportKeyPair&KeyName=other&PublicKeyMaterial=A"), "not base64"));
	EXPECT_EQ(code("ImportKeyPair&KeyName=a%0ab" + material), "InvalidParameterValue");
	EXPECT_EQ(code("CreateKeyPair&KeyName=k&KeyType=dsa"), "InvalidParameterValue");
	EXPECT_EQ(code("CreateKeyPair&KeyName=k&KeyFormat=ppk"), "InvalidParameterValue");
	EXPECT_TRUE(has(ask("CreateKeyPair&KeyName=new&KeyType=ed25519"),
			"<keyMaterial>-----BEGIN OPENSSH PRIVATE KEY-----"));
	EXPECT_FALSE(has(file_text(scratch / "state.json"), "PRIVATE"));
	EXPECT_TRUE(
		has(ask("CreateTags&ResourceId.1=" + key + "&Tag.1.Key=k&Tag.1.Value=v"), "true"));
	EXPECT_TRUE(has(ask("DescribeTags"), "<resourceType>key-pair"));
	EXPECT_EQ(code("DescribeKeyPairs&KeyName.1=none"), "InvalidKeyPair.NotFound");
	EXPECT_EQ(code("RunInstances&KeyName=none"), "InvalidKeyPair.NotFound");
	const std::string id = launched("&KeyName=mine");
	ask("DeleteKeyPair&KeyName=mine");
	EXPECT_TRUE(has(ask("DeleteKeyPair&KeyName=mine"), "<return>true"));
	begin();
	EXPECT_EQ(count(ask("DescribeKeyPairs"), "<keyPairId>"), 1U);
	EXPECT_FALSE(has(ask("DescribeTags"), "<item>"));
	/* An instance keeps its own. */
	EXPECT_TRUE(has(ask("DescribeInstances&Filter.1.Name=key-name&Filter.1.Value.1=mine"), id));
	EXPECT_TRUE(store->now()->instances.at(id).public_key.ends_with("2nS/ mine"));
}

TEST_F(Ec2Test, InterfacesOfAnInstanceThatIsStopped)
{
	const std::string id = launched();
	const std::string card =
		element(ask("CreateNetworkInterface&SubnetId=subnet-00000000000000003"),
			"networkInterfaceId");
	const std::string at = "&InstanceId=" + id + "&NetworkInterfaceId=" + card;

	ask("StopInstances&Force=true&InstanceId.1=" + id);
	EXPECT_TRUE(becomes(id, "stopped"));
	EXPECT_EQ(code("AttachNetworkInterface&DeviceIndex=0" + at), "InvalidParameterValue");
	EXPECT_EQ(code("AttachNetworkInterface&DeviceIndex=3" + at), "AttachmentLimitExceeded");
	const std::string attachment =
		element(ask("AttachNetworkInterface&DeviceIndex=2" + at), "attachmentId");
	EXPECT_EQ(code("AttachNetworkInterface&DeviceIndex=1" + at),
		  "InvalidNetworkInterface.InUse");
	EXPECT_EQ(code("DeleteNetworkInterface&NetworkInterfaceId=" + card),
		  "InvalidNetworkInterface.InUse");
	EXPECT_TRUE(has(ask("DescribeInstances"), card));
	EXPECT_EQ(code("ModifyInstanceAttribute&InstanceType.Value=t3.nano&InstanceId=" + id),
		  "AttachmentLimitExceeded");
	EXPECT_EQ(code("DetachNetworkInterface&AttachmentId=eni-attach-0"),
		  "InvalidAttachmentID.NotFound");
	ask("DetachNetworkInterface&AttachmentId=" + attachment);
	EXPECT_TRUE(eventually([&] { return has(ask("DescribeNetworkInterfaces"), "available"); }));
	EXPECT_TRUE(has(ask("DeleteNetworkInterface&NetworkInterfaceId=" + card), "<return>true"));
}

/* The monitor is another program's at first; a guest may let go of an adapter when nobody waits. */
TEST_F(Ec2Test, AnInterfaceThatCannotBePluggedYet)
{
	const std::string id = launched(), socket = Machines(directory).path(id, "qmp");
	const std::string card =
		element(ask("CreateNetworkInterface&SubnetId=subnet-00000000000000003"),
			"networkInterfaceId");
	const std::string attachment =
		element(ask("AttachNetworkInterface&DeviceIndex=1&InstanceId=" + id +
			    "&NetworkInterfaceId=" + card),
			"attachmentId");
	const std::string of_it = "DescribeNetworkInterfaces&NetworkInterfaceId.1=" + card;
	const std::string refusal =
		R"({"error": {"class": "DeviceNotFound", "desc": "not found"}})";

	usleep(300'000);
	EXPECT_TRUE(has(ask(of_it), "<status>attaching"));
	{
		FakeMonitor monitor(qmp_greeting,
				    {qmp_done, qmp_one_adapter, refusal, qmp_done, qmp_done});
		std::filesystem::create_symlink(monitor.path(), socket);
		ASSERT_TRUE(eventually([&] { return has(ask(of_it), "<status>attached"); }));
		EXPECT_TRUE(has(monitor.asked().back(), "device_add"));
	}
	ask("DetachNetworkInterface&AttachmentId=" + attachment);
	usleep(300'000);
	EXPECT_TRUE(has(ask(of_it), "<status>detaching"));
	std::filesystem::remove(socket);
	FakeMonitor monitor(qmp_greeting, {qmp_done, qmp_one_adapter, qmp_one_adapter,
					   qmp_one_adapter, qmp_done});
	std::filesystem::create_symlink(monitor.path(), socket);
	ASSERT_TRUE(eventually([&] { return has(ask(of_it), "<status>available"); }));
	EXPECT_TRUE(has(monitor.asked().back(), "netdev_del"));
}

TEST_F(Ec2Test, ATerminatedInstanceLeavesNothing)
{
	const std::string id = launched();
	State state = *store->now();
	Instance &instance = state.instances.at(id);

	std::filesystem::create_directories(scratch / "logs");
	for (const char *what : {"", ".pub", ".metadata0"})
		std::ofstream(scratch / ("logs/" + id + what)) << "x";
	std::ofstream(scratch / "logs/i-other") << "x";
	ask("TerminateInstances&InstanceId.1=" + id);
	EXPECT_TRUE(becomes(id, "terminated"));
	EXPECT_TRUE(eventually([&] {
		return std::distance(std::filesystem::directory_iterator(scratch / "logs"), {}) ==
		       1;
	}));
	/* Before its interface has been taken from it, nobody could do that any more. */
	instance.goal = Goal::terminated;
	state.forget(instance.changed + 4000);
	EXPECT_TRUE(state.instances.contains(id));
	state.interfaces.clear();
	state.forget(instance.changed + 4000);
	EXPECT_FALSE(state.instances.contains(id));
}

/* It refuses all that the request itself would. */
TEST_F(Ec2Test, ADryRun)
{
	const std::string id = launched();

	for (const auto &[form, wanted] : std::vector<std::pair<std::string, const char *>>{
		     {"ModifyInstanceAttribute&EnaSupport.Value=false&InstanceId=i-"
		      "0123456789abcdef0",
		      "InvalidInstanceID.NotFound"},
		     {"ModifyInstanceAttribute&EnaSupport.Value=false&InstanceId=" + id,
		      "IncorrectInstanceState"},
		     {"DeleteNetworkInterface&NetworkInterfaceId=eni-0123456789abcdef0",
		      "InvalidNetworkInterfaceID.NotFound"},
		     {"AttachNetworkInterface&DeviceIndex=1&InstanceId=" + id +
			      "&NetworkInterfaceId=eni-0123456789abcdef0",
		      "InvalidNetworkInterfaceID.NotFound"},
		     {"DetachNetworkInterface&AttachmentId=eni-attach-0",
		      "InvalidAttachmentID.NotFound"},
		     {"StopInstances&InstanceId.1=" + id, "DryRunOperation"},
	     })
		EXPECT_EQ(code(form + "&DryRun=true"), wanted) << form;
	EXPECT_EQ(state(id), "running");
	/* Once for each instance that is named. */
	const std::string said =
		ask("TerminateInstances&InstanceId.1=" + id + "&InstanceId.2=" + id);
	EXPECT_EQ(count(said, "<instanceId>"), 1U);
	EXPECT_TRUE(has(said, "<previousState><code>16")) << said;
}

TEST_F(Ec2Test, WordsThatAreWrong)
{
	for (const auto &[form, wanted] : std::vector<std::pair<const char *, const char *>>{
		     {"RunInstances&InstanceType=c5n.lrge", "InvalidParameterValue"},
		     {"RunInstances&InstanceType=c4.large", "Unsupported"},
		     {"RunInstances&ImageId=ami-1", "InvalidAMIID.NotFound"},
		     {"RunInstances&ImageId=../x", "InvalidAMIID.Malformed"},
		     {"RunInstances&SubnetId=subnet-00000000000000999", "InvalidSubnetID.NotFound"},
		     {"RunInstances&MinCount=0", "InvalidParameterValue"},
		     {"RunInstances&MinCount=3&MaxCount=2", "InvalidParameterValue"},
		     {"RunInstances&KeyName=x", "InvalidKeyPair.NotFound"},
		     {"RunInstances&UserData=hello", "InvalidParameterValue"},
		     {"RunInstances&EbsOptimized=true", "UnknownParameter"},
		     {"RunInstances&CpuOptions.CoreCount=64&CpuOptions.ThreadsPerCore=2",
		      "InvalidParameterValue"},
		     {"RunInstances&CpuOptions.ThreadsPerCore=2", "InvalidParameterCombination"},
		     {"StopInstances", "MissingParameter"},
		     {"StopInstances&InstanceId.1=../../etc", "InvalidInstanceID.Malformed"},
		     {"StopInstances&InstanceId.1=i-0123456789abcdef0",
		      "InvalidInstanceID.NotFound"},
		     {"DescribeNetworkInterfaces&NetworkInterfaceId.1=eni-x",
		      "InvalidNetworkInterfaceId.Malformed"},
		     {"CreateNetworkInterface", "MissingParameter"},
	     })
		EXPECT_EQ(code(form), wanted) << form;
	EXPECT_EQ(launches, 0);
}
