// SPDX-License-Identifier: GPL-2.0-or-later
/* The VPC and network interfaces. */
#include "ec2.hh"

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
