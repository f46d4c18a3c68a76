// SPDX-License-Identifier: GPL-2.0-or-later
/* Instances, images, and the endpoint itself. */
#include "ec2.hh"

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
